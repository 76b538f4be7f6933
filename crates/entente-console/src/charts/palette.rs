//! The colours of pictures, and which text stands on which.

/// Text.
pub(crate) const INK: &str = "#1c2733";
/// Text that says less.
pub(crate) const FAINT: &str = "#4d5966";
/// The page.
pub(crate) const PAPER: &str = "#ffffff";
/// A bar.
pub(crate) const BAR: &str = "#1f497a";
/// A bar of the year before, or of what is second.
pub(crate) const SECOND: &str = "#8fb0d6";
/// What needs attention: unmet, spent.
pub(crate) const ALERT: &str = "#b3192e";
/// A field that is sent as it is: `--good` of the console.
pub(crate) const KEPT: &str = "#1d6332";
/// A field that is made less exact.
pub(crate) const LESS: &str = "#b86e00";
/// The whisker of an interval.
pub(crate) const WHISKER: &str = "#0b1622";
/// The lines behind a picture.
pub(crate) const GRID: &str = "#d5dae1";
/// The hatch.
pub(crate) const HATCH: &str = "#7b8794";
/// No figure at all.
pub(crate) const VOID: &str = "#eef1f5";

/// The classes of a map or a shaded table, from few to many, and the text on each.
pub(crate) const CLASSES: [(&str, &str); 5] =
    [("#e6eff9", INK), ("#b7d0ea", INK), ("#7fabd8", INK), ("#2f6cad", PAPER), ("#12365f", PAPER)];

/// The class of a value, if the highest is `most`: five of equal width.
pub(crate) fn class(value: u64, most: u64) -> usize {
    let width = width(most);
    usize::try_from(value / width).unwrap_or(usize::MAX).min(CLASSES.len() - 1)
}

/// How wide a class is: a round number.
pub(crate) fn width(most: u64) -> u64 {
    let least = most.saturating_add(1).div_ceil(CLASSES.len() as u64).max(1);
    let mut decade = 1_u64;
    loop {
        for times in [10_u64, 15, 20, 25, 30, 40, 50, 60, 80] {
            let tenths = decade.saturating_mul(times);
            if tenths % 10 == 0 && tenths / 10 >= least {
                return tenths / 10;
            }
        }
        decade = decade.saturating_mul(10);
    }
}

/// The colour of a class and the text on it.
pub(crate) fn colours(class: usize) -> (&'static str, &'static str) {
    CLASSES.get(class).copied().unwrap_or((VOID, INK))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, WCAG 2.2.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_can_be_read_on_whatever_it_stands_on() {
        // WCAG 2.2 wants 4.5 for text; a text on a hatch has a white rim.
        let pairs = CLASSES.into_iter().map(|(fill, text)| (text, fill)).chain([
            (INK, PAPER),
            (FAINT, PAPER),
            (INK, VOID),
            (FAINT, VOID),
            (PAPER, BAR),
            (PAPER, ALERT),
            (INK, SECOND),
        ]);
        for (text, fill) in pairs {
            let contrast = contrast(text, fill);
            assert!(contrast >= 4.5, "{text} on {fill}: {contrast:.2}");
        }
    }

    /// The value of a colour of the console: of a name, or itself.
    fn of_console(name: &str) -> String {
        const STYLE: &str = include_str!("../../assets/console.css");
        if !name.starts_with("--") {
            assert!(STYLE.contains(name), "the console has no colour {name}");
            return name.to_owned();
        }
        let (_, rest) = STYLE.split_once(&format!("{name}:")).unwrap();
        let value = rest.split([';', '}']).next().unwrap();
        if let Some(other) = value.strip_prefix("var(") {
            return of_console(other.trim_end_matches(')'));
        }
        let digits = value.strip_prefix('#').unwrap();
        match digits.len() {
            6 => value.to_owned(),
            _ => digits.chars().fold("#".to_owned(), |all, it| format!("{all}{it}{it}")),
        }
    }

    #[test]
    fn every_colour_of_the_console_can_be_read_on_every_ground_of_it() {
        let texts = [
            "--gcds-text-primary",
            "--gcds-text-secondary",
            "--gcds-link-default",
            "--gcds-link-hover",
            "--gcds-link-visited",
            "--good",
            "--warn",
            "--bad",
            "--info",
            "--ink",
            "--faint",
            "--calm",
        ];
        let grounds = [
            "--gcds-bg-white",
            "--gcds-bg-light",
            "--soft",
            "--good-soft",
            "--warn-soft",
            "--bad-soft",
            "--info-soft",
            "#f8fafc",
            "--map-land",
            "--map-water",
        ];
        let dark = [
            "--gcds-bg-primary",
            "--gcds-focus",
            "--gcds-link-default",
            "--bad",
            "#33485f",
            "#163456",
            "#861322",
        ];
        let pairs = texts.into_iter().flat_map(|text| grounds.map(|ground| (text, ground)));
        for (text, ground) in pairs.chain(dark.map(|dark| ("--gcds-bg-white", dark))) {
            let contrast = contrast(&of_console(text), &of_console(ground));
            assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
        }
        // The edge of a field, and what shows where the keyboard is: 3.
        for edge in ["--gcds-border-default", "--gcds-focus"] {
            for ground in ["--gcds-bg-white", "--soft"] {
                let contrast = contrast(&of_console(edge), &of_console(ground));
                assert!(contrast >= 3.0, "{edge} on {ground}: {contrast:.2}");
            }
        }
        let here = contrast("#9fc5f8", &of_console("--gcds-bg-primary"));
        assert!(here >= 3.0, "where one is in the menu: {here:.2}");
    }

    #[test]
    fn no_style_but_that_of_the_console_has_a_colour_of_its_own() {
        let styles =
            [include_str!("../../assets/figures.css"), include_str!("../../assets/referrals.css")];
        for style in styles {
            for (at, _) in style.match_indices('#') {
                let rest = style[at + 1..].chars();
                let colour: String = rest.take_while(char::is_ascii_hexdigit).collect();
                // White, and what shadows are made of.
                let is_known = ["fff", "fff0", "0000", "0003"].contains(&colour.as_str());
                assert!(is_known, "#{colour} is not among the colours of console.css");
            }
        }
    }

    #[test]
    fn every_shape_can_be_told_from_the_page_and_from_its_neighbour() {
        // WCAG 2.2 wants 3 for what is needed to understand a picture. Classes of a map are told apart by
        // their figures too, and have white lines between them.
        for shape in [BAR, ALERT, KEPT, LESS, WHISKER, HATCH] {
            assert!(contrast(shape, PAPER) >= 3.0, "{shape}");
        }
        assert!(contrast(BAR, SECOND) >= 3.0);
        for pair in CLASSES.windows(2) {
            let [(one, _), (other, _)] = pair else { continue };
            assert!(luminance(one) > luminance(other), "{one} {other}");
            assert!(contrast(one, other) > 1.25, "{one} {other}");
        }
    }

    #[test]
    fn classes_are_of_one_round_width_and_hold_the_highest() {
        for most in (0..2_000).chain([9_999, 1_000_000]) {
            let width = width(most);
            assert!(width * CLASSES.len() as u64 > most, "{most}: {width}");
            assert!(class(most, most) < CLASSES.len());
            assert_eq!(class(0, most), 0);
        }
        assert_eq!(width(214), 50);
    }
}
