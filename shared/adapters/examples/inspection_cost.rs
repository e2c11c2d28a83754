//! What a look into a file costs: a photograph of 24 million pixels, in time and in memory.
//!
//! `cargo run --release -p parlance-adapters --example inspection_cost`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that fails should stop")]

use std::{
    io::Cursor,
    time::{Duration, Instant},
};

use image::{ImageFormat, Rgb, RgbImage};
use parlance_adapters::inspection::examine;
use parlance_application::ports::inspection::Examined;
use parlance_domain::attachment::ContentType;

fn main() {
    // The photograph is made in another process, so that this one's peak is the look's alone.
    let path = std::env::temp_dir().join(format!("parlance-inspection-cost-{}", std::process::id()));
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(path, photograph()).unwrap();
        return;
    }
    let maker = std::process::Command::new(std::env::current_exe().unwrap()).arg(&path).status();
    assert!(maker.unwrap().success());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    println!("a photograph of 24 million pixels, {} KB", bytes.len() / 1024);
    let jpeg = ContentType::from_stored("image/jpeg");
    for _ in 0..5 {
        let began = Instant::now();
        let examined = examine(&jpeg, &bytes, began + Duration::from_secs(10));
        let Examined::Passed(found) = examined else { unreachable!("it is a photograph") };
        println!(
            "{:>5} ms, thumbnail of {} KB",
            began.elapsed().as_millis(),
            found.thumbnail.unwrap().bytes.len() / 1024
        );
    }
    println!("peak memory {} MB", peak_kilobytes() / 1024);
}

/// Gradients with grain, which packs as badly as a photograph.
fn photograph() -> Vec<u8> {
    let mut grain = 1_u32;
    let image = RgbImage::from_fn(6000, 4000, |x, y| {
        grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let light = |value: u32| u8::try_from((value + (grain >> 28)) % 256).unwrap();
        Rgb([light(x / 24), light(y / 16), light((x + y) / 40)])
    });
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// The most memory that this process has had.
fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}
