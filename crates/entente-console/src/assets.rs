//! Style, scripts and fonts, inside the program.
//!
//! Their address holds a digest of all of them, so a browser keeps them for a year and asks again
//! only for another version.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const FONT: &str = "font/woff2";

macro_rules! assets {
    ($($name:literal: $kind:expr, $file:literal;)+) => {
        const ASSETS: &[Asset] = &[$(Asset {
            name: $name,
            kind: $kind,
            bytes: include_bytes!(concat!("../assets/", $file)),
        },)+];
    };
}

assets! {
    "console.css": CSS, "console.css";
    "figures.css": CSS, "figures.css";
    "console.js": SCRIPT, "console.js";
    "referrals.css": CSS, "referrals.css";
    "htmx.js": SCRIPT, "htmx-4.0.1.min.js";
    "icon.svg": "image/svg+xml", "icon.svg";
    "lato-bold.woff2": FONT, "fonts/lato-bold.woff2";
    "noto-regular.woff2": FONT, "fonts/noto-sans-regular.woff2";
    "noto-semibold.woff2": FONT, "fonts/noto-sans-semibold.woff2";
    "noto-ext.woff2": FONT, "fonts/noto-sans-ext-regular.woff2";
    "noto-marks.woff2": FONT, "fonts/noto-sans-marks.woff2";
    "noto-syllabics.woff2": FONT, "fonts/noto-sans-syllabics.woff2";
    "noto-math.woff2": FONT, "fonts/noto-sans-math.woff2";
}

/// The digest in their address: twelve hex digits.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut hasher = Sha256::new();
        for asset in ASSETS {
            hasher.update(asset.name);
            hasher.update(asset.bytes);
        }
        let digest = hasher.finalize();
        digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    })
}

/// The address of an asset.
pub(crate) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", version())
}

/// `GET /assets/{version}/{name}`. Open to everybody: it says nothing about anybody.
pub(crate) async fn get(Path((_, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = asset.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    let keep = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, keep);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(name: &str) -> usize {
        ASSETS.iter().find(|asset| asset.name == name).unwrap().bytes.len()
    }

    #[test]
    fn the_first_page_is_light() {
        // What a page in English or French loads; the other fonts come only with their letters.
        let first = ["console.css", "console.js", "lato-bold.woff2", "noto-regular.woff2"];
        let n_bytes: usize = first.into_iter().chain(["noto-semibold.woff2"]).map(size).sum();
        assert!(n_bytes + size("htmx.js") < 150_000, "{n_bytes}");
        assert!(size("console.css") < 24_000, "{}", size("console.css"));
        let fonts: usize =
            ASSETS.iter().filter(|it| it.kind == FONT).map(|it| it.bytes.len()).sum();
        assert!(fonts < 400_000, "{fonts}");
    }

    #[test]
    fn the_script_of_others_is_the_one_that_was_read() {
        let htmx = ASSETS.iter().find(|asset| asset.name == "htmx.js").unwrap();
        let digest: String =
            Sha256::digest(htmx.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130");
    }

    #[test]
    fn nothing_in_our_style_and_script_points_elsewhere() {
        for name in ["console.css", "referrals.css", "figures.css", "console.js", "icon.svg"] {
            let asset = ASSETS.iter().find(|asset| asset.name == name).unwrap();
            let text = std::str::from_utf8(asset.bytes).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("http:") && !text.contains("https:"), "{name}");
            assert!(!text.contains("@import"), "{name}");
        }
    }
}
