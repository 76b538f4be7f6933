//! Lists that are shown in pages: which rows, and where the rest is.

use crate::page::Page;

/// How many rows one page has.
pub(crate) const ROWS: usize = 50;

/// Where a page is in its list. `parts/pages.html` shows it as `pages`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pages {
    /// The number of the first row that is shown, from 1; 0 if there is none.
    pub(crate) first: u64,
    /// That of the last.
    pub(crate) last: u64,
    /// How many rows there are in all.
    pub(crate) total: u64,
    /// The address of the first page, unless this is it or the one behind it.
    pub(crate) back: Option<String>,
    /// The address of the page before, unless this is the first.
    pub(crate) previous: Option<String>,
    /// The address of the next page, if there is one.
    pub(crate) next: Option<String>,
}

impl Pages {
    /// The rows of the page that begins after `from` rows, and where it is. `address` is that of the list.
    pub(crate) fn of<T>(p: &Page, address: &str, from: usize, all: Vec<T>) -> (Vec<T>, Self) {
        let total = all.len();
        let rows: Vec<T> = all.into_iter().skip(from).take(ROWS).collect();
        let pages = Self::at(p, address, (from, rows.len()), total);
        (rows, pages)
    }

    /// The same where the rows were taken elsewhere: `shown` of them, after `from`.
    pub(crate) fn at(p: &Page, address: &str, place: (usize, usize), total: usize) -> Self {
        Self::linked(|path| p.to(path), address, place, total)
    }

    /// The same where `to` makes the addresses of links.
    pub(crate) fn linked(
        to: impl Fn(&str) -> String,
        address: &str,
        (from, shown): (usize, usize),
        total: usize,
    ) -> Self {
        let from = from.min(total);
        let last = from + shown.min(total - from);
        let mark = if address.contains('?') { '&' } else { '?' };
        let behind = |from: usize| match from {
            0 => to(address),
            from => to(&format!("{address}{mark}from={from}")),
        };
        let n = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        Self {
            first: n(from) + u64::from(last > from),
            last: n(last),
            total: n(total),
            back: (from > ROWS).then(|| to(address)),
            previous: (from > 0).then(|| behind(from.saturating_sub(ROWS))),
            next: (shown > 0 && last < total).then(|| behind(last)),
        }
    }

    /// Whether there is more than this page.
    pub(crate) fn is_part(&self) -> bool {
        self.previous.is_some() || self.next.is_some()
    }
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;

    use super::*;
    use crate::page::test_page;

    #[test]
    fn every_row_is_on_one_page_and_each_page_leads_to_the_one_before() {
        let p = test_page(Lang::Fr);
        let all: Vec<usize> = (0..2 * ROWS + 1).collect();
        let (mut seen, mut from, mut n_pages) = (Vec::new(), 0, 0);
        loop {
            let (rows, pages) = Pages::of(&p, "/jobs", from, all.clone());
            assert_eq!(pages.first, from as u64 + 1);
            let before = |from: usize| match from {
                0 => "/fr/jobs".to_owned(),
                from => format!("/fr/jobs?from={from}"),
            };
            assert_eq!(pages.previous, from.checked_sub(ROWS).map(before));
            assert_eq!(pages.back.is_some(), from > ROWS);
            assert!(pages.is_part());
            seen.extend(rows);
            n_pages += 1;
            let Some(next) = pages.next else { break };
            from = next.strip_prefix("/fr/jobs?from=").unwrap().parse().unwrap();
        }
        assert_eq!((seen, n_pages), (all, 3));
    }

    #[test]
    fn a_list_that_fits_has_no_pages_and_one_that_ends_before_is_empty() {
        let p = test_page(Lang::En);
        let (rows, pages) = Pages::of(&p, "/people", 0, vec![1, 2]);
        assert_eq!((rows, pages.is_part(), pages.first, pages.last), (vec![1, 2], false, 1, 2));
        let (rows, pages) = Pages::of(&p, "/people", usize::MAX, vec![1, 2]);
        assert_eq!((rows.len(), pages.next, pages.total), (0, None, 2));
        assert_eq!(pages.previous.as_deref(), Some("/en/people"));
        let (_, pages) = Pages::of::<u8>(&p, "/people", 0, Vec::new());
        assert_eq!((pages.first, pages.last, pages.is_part()), (0, 0, false));
        let with = Pages::at(&p, "/settings/approvals?decided=true", (0, 1), 2).next;
        assert_eq!(with.as_deref(), Some("/en/settings/approvals?decided=true&from=1"));
    }
}
