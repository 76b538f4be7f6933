//! A page of text: titles, lines, facts, tables.
//!
//! Colour and strike-through are only ever decoration: a page without them says the same.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table};
use entente_core::lang::Lang;

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// In which language.
    pub(crate) lang: Lang,
    /// How many columns there are; as many as it takes if unknown.
    pub(crate) width: Option<u16>,
    /// Whether colours and strike-through can be seen.
    pub(crate) colour: bool,
}

/// A page being written.
#[derive(Debug)]
pub(crate) struct Page<'v> {
    view: &'v View,
    text: String,
}

/// How a word stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As everything else.
    Plain,
    /// Important.
    Strong,
    /// Secondary.
    Faint,
    /// Well.
    Good,
    /// Needs attention.
    Warning,
    /// Wrong or refused.
    Bad,
    /// Crossed out: it does not go out.
    Struck,
}

impl<'v> Page<'v> {
    /// An empty page.
    pub(crate) fn new(view: &'v View) -> Self {
        Self { view, text: String::new() }
    }

    /// The language.
    pub(crate) fn lang(&self) -> Lang {
        self.view.lang
    }

    /// One of a pair, in the language of the page.
    pub(crate) fn pick<'t>(&self, en: &'t str, fr: &'t str) -> &'t str {
        self.view.lang.pick(en, fr)
    }

    /// A heading. An empty line comes before it, unless it is the first.
    pub(crate) fn title(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.blank();
        }
        let title = self.paint(Tone::Strong, title);
        self.line(&title);
    }

    /// A line.
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line in the language of the page.
    pub(crate) fn say(&mut self, en: &str, fr: &str) {
        let line = self.pick(en, fr);
        self.line(line);
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// An item of a list.
    pub(crate) fn item(&mut self, text: &str) {
        self.line(&format!("  • {text}"));
    }

    /// What to do next: an arrow and a command or step.
    pub(crate) fn next(&mut self, text: &str) {
        let text = self.paint(Tone::Strong, text);
        self.line(&format!("→ {text}"));
    }

    /// Labels and values, the values in one column. An empty value is left out.
    pub(crate) fn facts(&mut self, facts: &[(&str, String)]) {
        let shown: Vec<_> = facts.iter().filter(|(_, value)| !value.is_empty()).collect();
        let width = shown.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        for (label, value) in shown {
            let padding = " ".repeat(width - label.chars().count());
            let label = self.paint(Tone::Faint, label);
            self.line(&format!("  {label}{padding}  {value}"));
        }
    }

    /// A table; or, where a wide one would be cut into slivers, its rows one below the other.
    pub(crate) fn table(&mut self, grid: Grid) {
        let is_too_wide = self.view.width.is_some_and(|width| grid.width() > usize::from(width));
        if is_too_wide && grid.header.len() >= MANY_COLUMNS {
            self.cards(grid);
            return;
        }
        let table = grid.into_table(self.view);
        self.line(&table.trim_fmt());
    }

    /// Each row as a heading and facts. What is empty is left out.
    fn cards(&mut self, grid: Grid) {
        let Grid { header, rows, numeric: _ } = grid;
        for (index, row) in rows.into_iter().enumerate() {
            if index > 0 {
                self.blank();
            }
            let mut cells = row.into_iter();
            let (tone, heading) = cells.next().unwrap_or((Tone::Plain, String::new()));
            let tone = if tone == Tone::Plain { Tone::Strong } else { tone };
            let heading = self.paint(tone, &heading);
            self.line(&heading);
            let facts: Vec<(&str, String)> = header
                .iter()
                .skip(1)
                .zip(cells)
                .filter(|(_, (_, text))| text != "—")
                .map(|(label, (tone, text))| (label.as_str(), self.paint(tone, &text)))
                .collect();
            self.facts(&facts);
        }
    }

    /// A word that stands out, where that can be seen.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Good => "32",
            Tone::Warning => "33",
            Tone::Bad => "31",
            Tone::Struck => "9;2",
        };
        if self.view.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// The text, without an empty end.
    pub(crate) fn finish(self) -> String {
        self.text.trim_end().to_owned()
    }
}

/// From so many columns on, a table that does not fit is shown as rows: below, its cells stay wide
/// enough to be read, and ids whole enough to be copied.
const MANY_COLUMNS: usize = 6;

/// A table being filled.
#[derive(Debug)]
pub(crate) struct Grid {
    header: Vec<String>,
    numeric: Vec<usize>,
    rows: Vec<Vec<(Tone, String)>>,
}

impl Grid {
    /// A table with these columns.
    pub(crate) fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Self {
            header: header.into_iter().map(Into::into).collect(),
            numeric: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// These columns hold numbers: set to the right.
    pub(crate) fn numeric(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.numeric.extend(columns);
        self
    }

    /// Adds a row.
    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| (Tone::Plain, cell.into())).collect());
    }

    /// Adds a row of which some cells stand out.
    pub(crate) fn toned(&mut self, cells: impl IntoIterator<Item = (Tone, String)>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// How many columns of text it takes without wrapping: a border and two spaces for each.
    fn width(&self) -> usize {
        let mut widths: Vec<usize> = self.header.iter().map(|text| text.chars().count()).collect();
        for row in &self.rows {
            for (width, (_, text)) in widths.iter_mut().zip(row) {
                let longest = text.lines().map(|line| line.chars().count()).max();
                *width = (*width).max(longest.unwrap_or(0));
            }
        }
        widths.iter().map(|width| width + 3).sum::<usize>() + 1
    }

    fn into_table(self, view: &View) -> Table {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED.with_rounded_corners());
        if let Some(width) = view.width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width);
        }
        if view.colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        let heading = |text: String| Cell::new(text).add_attribute(Attribute::Bold);
        table.set_header(self.header.into_iter().map(heading));
        for row in self.rows {
            table.add_row(row.into_iter().map(|(tone, text)| toned(tone, text)));
        }
        for column in self.numeric {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }
}

fn toned(tone: Tone, text: String) -> Cell {
    let cell = Cell::new(text);
    match tone {
        Tone::Plain => cell,
        Tone::Strong => cell.add_attribute(Attribute::Bold),
        Tone::Faint => cell.add_attribute(Attribute::Dim),
        Tone::Good => cell.fg(Color::Green),
        Tone::Warning => cell.fg(Color::Yellow),
        Tone::Bad => cell.fg(Color::Red),
        Tone::Struck => cell.add_attribute(Attribute::CrossedOut).add_attribute(Attribute::Dim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: View = View { lang: Lang::En, width: None, colour: false };

    #[test]
    fn a_page_without_colour_has_no_control_characters() {
        for colour in [false, true] {
            let view = View { colour, ..PLAIN };
            let mut page = Page::new(&view);
            page.title("Title");
            let mut grid = Grid::new(["A", "B"]).numeric([1]);
            grid.toned([(Tone::Struck, "gone".to_owned()), (Tone::Good, "12".to_owned())]);
            page.table(grid);
            assert_eq!(page.finish().contains('\u{1b}'), colour);
        }
    }

    #[test]
    fn a_table_has_round_corners_and_numbers_on_the_right() {
        let mut page = Page::new(&PLAIN);
        let mut grid = Grid::new(["Province", "Cases"]).numeric([1]);
        grid.row(["Ontario", "7"]);
        page.table(grid);
        assert_eq!(
            page.finish(),
            "╭──────────┬───────╮\n\
             │ Province ┆ Cases │\n\
             ╞══════════╪═══════╡\n\
             │ Ontario  ┆     7 │\n\
             ╰──────────┴───────╯"
        );
    }

    #[test]
    fn a_table_fits_a_narrow_window() {
        let view = View { width: Some(30), ..PLAIN };
        let mut page = Page::new(&view);
        let mut grid = Grid::new(["What", "Why"]);
        grid.row(["Forced labour", "the person wants nothing shared with anybody"]);
        page.table(grid);
        assert!(page.finish().lines().all(|line| line.chars().count() <= 30));
    }

    #[test]
    fn a_wide_table_in_a_narrow_window_becomes_one_row_below_the_other() {
        let view = View { width: Some(30), ..PLAIN };
        let mut page = Page::new(&view);
        let mut grid = Grid::new(["Partner", "State", "Next", "Held", "Unread", "Overdue"]);
        grid.row(["Harbour Shelter", "active", "—", "12", "0", "0"]);
        grid.row(["Office", "invited", "open", "0", "0", "0"]);
        page.table(grid);
        assert_eq!(
            page.finish(),
            "Harbour Shelter\n  State    active\n  Held     12\n  Unread   0\n  Overdue  0\n\n\
             Office\n  State    invited\n  Next     open\n  Held     0\n  Unread   0\n  Overdue  0"
        );
    }

    #[test]
    fn facts_stand_in_one_column_and_empty_ones_are_left_out() {
        let mut page = Page::new(&PLAIN);
        page.facts(&[
            ("Name", "A".to_owned()),
            ("Nothing", String::new()),
            ("Address", "B".to_owned()),
        ]);
        assert_eq!(page.finish(), "  Name     A\n  Address  B");
    }
}
