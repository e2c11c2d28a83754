//! The elements and attributes of an SVG that run something, or fetch something.

use quick_xml::name::{Namespace, ResolveResult};

use super::{links, styles};
use parlance_domain::attachment::Reason;

const XHTML: Namespace<'_> = Namespace(b"http://www.w3.org/1999/xhtml");

/// In small letters, since some readers do not mind the case.
const RUNNING: [&str; 7] = ["script", "foreignobject", "iframe", "embed", "object", "handler", "listener"];

const ANIMATIONS: [&str; 5] = ["animate", "set", "animatecolor", "animatemotion", "animatetransform"];

/// How many addresses an animation may show, one after the other.
const MOST_VALUES: usize = 10_000;

/// What an animation puts in an attribute's place.
const ANIMATED_VALUES: [&str; 4] = ["values", "to", "from", "by"];

pub(super) fn check(namespace: &ResolveResult<'_>, name: &str) -> Result<(), Reason> {
    let runs = RUNNING.contains(&name) || *namespace == ResolveResult::Bound(XHTML);
    if runs { Err(Reason::Script) } else { Ok(()) }
}

/// Both names are without prefix and in small letters.
pub(super) fn check_attribute(element: &str, name: &str, value: &str) -> Result<(), Reason> {
    let is_animation = ANIMATIONS.contains(&element);
    let is_harmful = name.starts_with("on")
        || links::runs(value)
        || matches!(name, "href" | "src") && links::leads_astray(value, element == "a")
        || is_animation && name == "attributename" && sets_handler(value);
    if is_harmful {
        return Err(Reason::Script);
    }
    if is_animation && ANIMATED_VALUES.contains(&name) && !links::is_local(value) {
        check_values(value)?;
    }
    // Other attributes can hold a piece of a style sheet too, such as `fill`.
    if name == "style" || value.contains(['(', '\\', '@']) { styles::check(value) } else { Ok(()) }
}

fn sets_handler(name: &str) -> bool {
    let name = name.trim();
    let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
    local.trim_start().get(..2).is_some_and(|start| start.eq_ignore_ascii_case("on"))
}

fn check_values(values: &str) -> Result<(), Reason> {
    let is_harmful = |value: &str| links::runs(value) || links::is_remote(value);
    if values.split(';').take(MOST_VALUES).any(is_harmful) {
        return Err(Reason::Script);
    }
    if values.split(';').nth(MOST_VALUES).is_some() { Err(Reason::Damaged) } else { Ok(()) }
}
