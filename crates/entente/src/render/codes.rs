//! Code lists on screen: `entente codes`.

pub(crate) use entente_node::local::words::{
    LISTS, action, field_label, label, label_or_dash, labels, list, value_label, values, why,
};

use super::page::{Grid, Page, View};

/// `entente codes [LIST]`: the lists, or one of them. `None` if there is no such list.
pub(crate) fn codes_page(name: Option<&str>, view: &View) -> Option<String> {
    let mut page = Page::new(view);
    let lang = view.lang;
    let Some(name) = name else {
        page.title(page.pick("Code lists", "Listes de codes"));
        let mut grid =
            Grid::new([lang.pick("List", "Liste"), lang.pick("Codes", "Codes")]).numeric([1]);
        for name in LISTS {
            let n = list(name, lang).map_or(0, |codes| codes.len());
            grid.row([(*name).to_owned(), n.to_string()]);
        }
        page.table(grid);
        page.next(page.pick("entente codes LIST", "entente codes LISTE"));
        return Some(page.finish());
    };
    let codes = list(name, lang)?;
    page.title(name);
    let mut grid = Grid::new([lang.pick("Code", "Code"), lang.pick("Meaning", "Signification")]);
    for (code, label) in codes {
        grid.row([code, label]);
    }
    page.table(grid);
    Some(page.finish())
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;

    use super::*;

    #[test]
    fn an_unknown_list_has_no_page() {
        let view = View { lang: Lang::En, width: None, colour: false };
        assert!(codes_page(Some("status"), &view).unwrap().contains("Possible victim"));
        assert!(codes_page(None, &view).unwrap().contains("exploitation"));
        assert_eq!(codes_page(Some("nonsense"), &view), None);
    }
}
