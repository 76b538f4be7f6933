//! QR codes made of half blocks, two rows of modules to a line of text.

use qrcode::{Color, EcLevel, QrCode};

/// A margin of four modules, without which cameras do not find the code (ISO/IEC 18004, 6.3.8).
const MARGIN: usize = 4;

/// `text` as a QR code; `None` if it does not fit a window of `columns`.
///
/// Dark modules are blanks and light ones are blocks, so that it can be read on a dark screen,
/// which most terminals are; cameras read inverted codes too.
pub(crate) fn half_blocks(text: &str, columns: u16) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = code.width();
    let side = width + 2 * MARGIN;
    if side > usize::from(columns) {
        return None;
    }
    let modules = code.to_colors();
    let is_light = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(MARGIN).filter(|at| *at < width);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => modules.get(y * width + x) != Some(&Color::Dark),
            _ => true,
        }
    };
    let line = |y: usize| -> String {
        (0..side)
            .map(|x| match (is_light(x, y), y + 1 >= side || is_light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            })
            .collect()
    };
    Some((0..side).step_by(2).map(line).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_becomes_a_square_with_a_light_margin() {
        let drawn = half_blocks("https://node.example:7443/i#0123456789abcdef", 80).unwrap();
        let lines: Vec<_> = drawn.lines().collect();
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width));
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(lines[0].chars().all(|block| block == '█'));
        // The corner mark: seven dark modules in a row, under four light ones.
        assert!(lines[2].starts_with("████ ▄▄▄▄▄ "));
    }

    #[test]
    fn a_code_that_is_wider_than_the_window_is_not_drawn() {
        assert!(half_blocks(&"x".repeat(500), 120).is_some());
        assert_eq!(half_blocks(&"x".repeat(500), 80), None);
    }
}
