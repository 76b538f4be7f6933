//! What is looked for beside a walk through all records.

use entente_core::duplicates::{self, MAX_ALIKE, Pair};

use super::*;
use crate::node::records::identified::texts;

/// Whatever is looked for, memory and the records say the same.
#[track_caller]
pub(super) fn check(both: &Both, cases: &[Case]) {
    let own = cases.iter().filter(|case| !case.withdrawn);
    let own: Vec<_> = own.map(|case| case.record.clone()).collect();
    let expected = duplicates::propose(&own);
    for case in cases {
        let is_of = |pair: &&Pair| pair.one == case.record.id || pair.other == case.record.id;
        let of: Vec<_> = expected.iter().filter(is_of).cloned().collect();
        assert_eq!(both.node.alike_to(&case.record.id).unwrap(), of);
    }
    assert_eq!(*both.node.alike().unwrap(), expected);
    for words in [&["ana"][..], &["ana", "exemple"], &["5550199"]] {
        let has = |case: &&Case| {
            let texts = texts(&case.record);
            let has = |word: &&str| texts.iter().any(|(_, it)| it.replace(' ', "").contains(*word));
            words.iter().all(has)
        };
        let mut expected: Vec<_> = cases.iter().filter(has).map(|case| case.record.id).collect();
        expected.sort_unstable();
        assert_eq!(both.node.cases_with(words).unwrap(), expected, "{words:?}");
    }
}

#[test]
fn what_more_than_a_hundred_have_in_common_says_nothing_until_one_has_it_no_more() {
    let both = Both::new();
    let fields = || {
        let named = [(Field::NameFirst, "Ana"), (Field::NameLast, "Exemple")];
        named.into_iter().chain([(Field::Birthdate, "2001-02-03")]).collect()
    };
    let most = u8::try_from(MAX_ALIKE).unwrap();
    let n_alike = || both.node.alike().unwrap().len();
    for nth in 0..most {
        both.run(&Op::Add { nth, fields: fields(), consents: Vec::new() });
    }
    assert_eq!(n_alike(), MAX_ALIKE * (MAX_ALIKE - 1) / 2);
    both.run(&Op::Add { nth: most, fields: fields(), consents: Vec::new() });
    assert_eq!(n_alike(), 0);
    both.run(&Op::Withdraw(3));
    assert_eq!(n_alike(), MAX_ALIKE * (MAX_ALIKE - 1) / 2);
    check(&both, &both.cases());
}
