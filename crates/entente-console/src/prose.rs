//! The readable pages that the node makes of what is signed: a little Markdown, in blocks.

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Paragraph(String),
    /// A list.
    List(Vec<String>),
    /// A table.
    Table {
        /// The heads of its columns.
        head: Vec<String>,
        /// Its rows.
        rows: Vec<Vec<String>>,
    },
}

/// The blocks of a page. Its first heading, which is its title, is left out: the page has it already.
pub(crate) fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let lines = markdown.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        let plain = |text: &str| text.trim().replace('`', "");
        if let Some(item) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
            match blocks.last_mut() {
                Some(Block::List(items)) => items.push(plain(item)),
                _ => blocks.push(Block::List(vec![plain(item)])),
            }
        } else if let Some(cells) = line.strip_prefix('|') {
            let cells: Vec<String> = cells.trim_end_matches('|').split('|').map(plain).collect();
            match blocks.last_mut() {
                // The line between the head and the rest.
                Some(Block::Table { .. }) if cells.iter().all(|it| it.starts_with("---")) => {}
                Some(Block::Table { rows, .. }) => rows.push(cells),
                _ => blocks.push(Block::Table { head: cells, rows: Vec::new() }),
            }
        } else if line.starts_with('#') {
            blocks.push(Block::Heading(plain(line.trim_start_matches('#'))));
        } else {
            blocks.push(Block::Paragraph(plain(line)));
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_in_its_blocks() {
        let page = "# Title\n\n`canada`, version 1\n\n## Who\n\n- A\n- B\n\n\
                    | Table | Cells |\n| --- | --- |\n| `province` | 14 |\n";
        assert_eq!(
            blocks(page),
            [
                Block::Paragraph("canada, version 1".to_owned()),
                Block::Heading("Who".to_owned()),
                Block::List(vec!["A".to_owned(), "B".to_owned()]),
                Block::Table {
                    head: vec!["Table".to_owned(), "Cells".to_owned()],
                    rows: vec![vec!["province".to_owned(), "14".to_owned()]],
                },
            ]
        );
    }
}
