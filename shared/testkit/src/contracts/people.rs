//! What a [`PeopleRepository`] owes: the first words about somebody stay until they are changed, and changes hold at once.

use futures::future::join_all;
use parlance_application::ports::people::PeopleRepository;
use parlance_domain::{
    ids::UserId,
    profile::{DisplayName, Edit, Locale, Person, PersonChange, PictureUrl, Profile, Standing},
};

use super::fixtures::{conversation_id, user};

/// Checks every promise.
pub async fn holds(people: &dyn PeopleRepository) {
    a_profile_begins_with_what_was_said_first(people).await;
    a_change_sets_what_it_names(people).await;
    who_is_deactivated_may_not_come_in_until_he_may_again(people).await;
    changes_at_once_are_one_after_the_other(people).await;
}

/// Somebody who is in no other test.
fn somebody(name: &str) -> UserId {
    user(&format!("{name} {}", conversation_id()))
}

fn profile(name: &str) -> Profile {
    Profile::of_texts(Some(name), Some("https://pictures.example/1"), Some("de"))
}

async fn a_profile_begins_with_what_was_said_first(people: &dyn PeopleRepository) {
    let alice = somebody("alice#%");
    assert_eq!(people.find(&alice).await.unwrap(), None);
    assert_eq!(people.greet(&alice, &profile("Alice")).await.unwrap(), Standing::Active);
    assert_eq!(people.greet(&alice, &profile("Another")).await.unwrap(), Standing::Active);
    let known = people.find(&alice).await.unwrap();
    assert_eq!(known, Some(Person { profile: profile("Alice"), standing: Standing::Active }));
    assert_eq!(people.find(&somebody("bob")).await.unwrap(), None);
}

async fn a_change_sets_what_it_names(people: &dyn PeopleRepository) {
    let alice = somebody("alice");
    let change = PersonChange {
        name: Edit::Set(DisplayName::parse("Alice").unwrap()),
        picture: Edit::Set(PictureUrl::parse("https://pictures.example/2").unwrap()),
        locale: Edit::Set(Locale::parse("en").unwrap()),
        standing: None,
    };
    let set = people.change(&alice, &change).await.unwrap();
    let expected = Profile::of_texts(Some("Alice"), Some("https://pictures.example/2"), Some("en"));
    assert_eq!(set, Person { profile: expected.clone(), standing: Standing::Active });
    people.greet(&alice, &profile("Somebody else")).await.unwrap();
    assert_eq!(people.find(&alice).await.unwrap(), Some(set), "what was set is not filled from a token");
    let change = PersonChange { picture: Edit::Clear, ..PersonChange::default() };
    let cleared = people.change(&alice, &change).await.unwrap();
    assert_eq!(cleared.profile, Profile { picture: None, ..expected });
    assert_eq!(people.find(&alice).await.unwrap(), Some(cleared));
}

async fn who_is_deactivated_may_not_come_in_until_he_may_again(people: &dyn PeopleRepository) {
    let standing = |standing| PersonChange { standing: Some(standing), ..PersonChange::default() };
    for is_known in [true, false] {
        let alice = somebody("alice");
        if is_known {
            assert_eq!(people.greet(&alice, &profile("Alice")).await.unwrap(), Standing::Active);
        }
        for now in [Standing::Deactivated, Standing::Active, Standing::Deactivated] {
            assert_eq!(people.change(&alice, &standing(now)).await.unwrap().standing, now);
            for _ in 0..2 {
                assert_eq!(people.greet(&alice, &profile("Alice")).await.unwrap(), now);
            }
        }
        let name = people.find(&alice).await.unwrap().unwrap().profile.name;
        assert_eq!(name.is_some(), is_known, "the profile stays as it was");
    }
}

async fn changes_at_once_are_one_after_the_other(people: &dyn PeopleRepository) {
    let alice = somebody("alice");
    let changes = [
        PersonChange { name: Edit::Set(DisplayName::parse("Alice").unwrap()), ..PersonChange::default() },
        PersonChange { locale: Edit::Set(Locale::parse("de").unwrap()), ..PersonChange::default() },
        PersonChange { standing: Some(Standing::Deactivated), ..PersonChange::default() },
    ];
    for outcome in join_all(changes.iter().map(|change| people.change(&alice, change))).await {
        outcome.unwrap();
    }
    let expected = Person {
        profile: Profile::of_texts(Some("Alice"), None, Some("de")),
        standing: Standing::Deactivated,
    };
    assert_eq!(people.find(&alice).await.unwrap(), Some(expected));
}
