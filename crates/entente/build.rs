//! Leaves the table of symbols out of a release. The profile says so too, but where it has settings for
//! this package alone, cargo passes that one on no more.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rustc-link-arg-bins=-s");
    }
}
