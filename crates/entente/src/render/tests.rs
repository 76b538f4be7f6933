//! Pages of the examples in `docs/JSON.md`, which the node's own tests hold to be its documents.

use entente_core::lang::Lang;
use entente_node::local::Op;
use serde_json::Value;

use super::{View, told};

/// The page that describes the documents, with an example of each.
const EXAMPLES: &str = include_str!("../../../../docs/JSON.md");

/// The example of an answer to `op`.
fn example(op: Op) -> Value {
    let (_, section) = EXAMPLES.split_once(&format!("\n### {op}\n")).unwrap();
    let section = section.split("\n#").next().unwrap();
    let block = section.split("```json\n").nth(2).unwrap();
    serde_json::from_str(block.split("\n```").next().unwrap()).unwrap()
}

fn page_of(op: Op, answer: Value, lang: Lang) -> String {
    told(op, answer, &View { lang, width: None, colour: false }).unwrap()
}

fn page(op: Op, lang: Lang) -> String {
    page_of(op, example(op), lang)
}

#[test]
fn every_answer_has_a_page_in_both_languages() {
    for op in Op::ALL {
        let (english, french) = (page(*op, Lang::En), page(*op, Lang::Fr));
        assert!(!english.is_empty(), "{op}");
        // A draft of an agreement is what the person asked for, and nothing else.
        if !matches!(op, Op::AgreementDraft | Op::PlanDraft | Op::OverlapDraft) {
            assert_ne!(english, french, "{op}");
        }
        assert!(!french.contains(" :"), "{op}: a colon can break from its word\n{french}");
        for text in [english, french] {
            assert!(!text.contains('\u{1b}') && !text.contains("null"), "{op}:\n{text}");
        }
    }
}

#[test]
fn every_page_fits_a_window_of_eighty_columns_where_it_is_a_table() {
    let view = View { lang: Lang::Fr, width: Some(80), colour: false };
    for op in Op::ALL {
        let page = told(*op, example(*op), &view).unwrap();
        let table_lines = page.lines().filter(|line| line.starts_with(['│', '╭', '╰']));
        for line in table_lines {
            assert!(line.chars().count() <= 80, "{op}: {line}");
        }
    }
}

#[test]
fn in_a_narrow_window_an_id_is_still_whole() {
    for (op, id) in [
        (Op::RecordList, "0190f5c2-6e1a-7c3e-9d2b-1f0a5b6c7d8e"),
        (Op::ConsentList, "0190f5c2-8c3c-7e50-9f4d-3b2c7d8e9fa0"),
        (Op::RecordDuplicates, "0190f5c2-7b2b-7d4f-8e3c-2a1b6c7d8e9f"),
    ] {
        let view = View { lang: Lang::En, width: Some(80), colour: false };
        let page = told(op, example(op), &view).unwrap();
        assert!(page.contains(id), "{op}\n{page}");
    }
}

#[test]
fn explain_goes_field_by_field_and_gives_every_reason() {
    assert_eq!(
        page(Op::AgreementExplain, Lang::En),
        "\
What National Coordination Centre would receive of record 0190f5c2-6e1a-7c3e-9d2b-1f0a5b6c7d8e
  Decision               does not go out
  Epoch                  2026-Q4
  Agreement              0190f5c26e1a7c3e9d2b1f0a5b6c7d8e v1
  Purpose                Statistical analysis
  People who look alike  14 (at least 11 needed)

Why it does not go out
  • the consent has expired
  • this form of exploitation is excluded (2.4)

Field by field
This is what the levels of the agreement would leave, if it went out.
╭───────────────────────┬───────────────────────────┬───────────────────────────┬─────────────┬────────╮
│ Field                 ┆ We have                   ┆ They would see            ┆ Fate        ┆ Clause │
╞═══════════════════════╪═══════════════════════════╪═══════════════════════════╪═════════════╪════════╡
│ First name            ┆ •••••• (masked)           ┆ —                         ┆ removed     ┆ —      │
│ Period                ┆ 2026-08-14                ┆ 2026-Q3                   ┆ generalized ┆ 2.1    │
│ Place                 ┆ Ontario                   ┆ Ontario                   ┆ kept        ┆ 2.2    │
│ Forms of exploitation ┆ Forced labour or services ┆ Forced labour or services ┆ kept        ┆ 2.3    │
│ Immigration status    ┆ worker                    ┆ —                         ┆ removed     ┆ —      │
╰───────────────────────┴───────────────────────────┴───────────────────────────┴─────────────┴────────╯"
    );
    let french = page(Op::AgreementExplain, Lang::Fr);
    assert!(french.contains("│ Prénom "));
    assert!(french.contains("┆ généralisé "));
    assert!(french.contains("  • le consentement a expiré\n"));
}

#[test]
fn what_does_not_go_out_is_crossed_out_where_that_can_be_seen() {
    let view = View { lang: Lang::En, width: None, colour: true };
    let page = told(Op::AgreementExplain, example(Op::AgreementExplain), &view).unwrap();
    let line = |field: &str| page.lines().find(|line| line.contains(field)).unwrap().to_owned();
    assert!(line("Period").contains("\u{1b}[9m"));
    assert!(!line("Place").contains("\u{1b}[9m"));
}

#[test]
fn a_count_says_what_is_hidden_who_is_in_it_and_how_it_may_be_used() {
    assert_eq!(
        page(Op::Count, Lang::Fr),
        "\
╭──────────────────────┬───────────╮
│ Province             ┆ Personnes │
╞══════════════════════╪═══════════╡
│ Ontario              ┆        41 │
│ Colombie-Britannique ┆         x │
│ Québec               ┆      ≥\u{a0}12 │
│ Total                ┆      ≥\u{a0}53 │
╰──────────────────────┴───────────╯
x   masqué pour protéger des personnes
≥   au moins; une partie est masquée pour protéger des personnes

  Périodes    2026-Q3
  Seulement   Formes d’exploitation = Travail ou services forcés
  Définition  Protocole de Palerme, art. 3
  Demandé     2026-11-22 14:03 UTC

Qui y figure
1\u{a0}a répondu, 1\u{a0}a refusé, 0\u{a0}injoignable
  • Bureau de la Colombie-Britannique\u{a0}: a répondu
  • Refuge du Havre\u{a0}: a refusé
      l’entente n’accorde aucun dénombrement

Renseignements contrôlés, ne pas publier."
    );
    let own = page(Op::CountOwn, Lang::En);
    assert!(own.contains("│ Total            ┆      44 │"), "{own}");
    assert!(own.ends_with("Exact figures, for our own staff only. Not for publication."), "{own}");
    assert!(!own.contains("Who is in it"), "{own}");
}

#[test]
fn a_count_that_nobody_answered_has_no_table() {
    let mut answer = example(Op::Count);
    answer["coverage"]["answered"] = 0.into();
    let page = page_of(Op::Count, answer, Lang::En);
    assert!(page.starts_with("Nobody answered, so there are no figures.\n"), "{page}");
    assert!(!page.contains('│') && page.contains("Who is in it"), "{page}");
}

#[test]
fn rows_of_zero_are_left_out_of_a_large_table_and_counted() {
    let mut answer = example(Op::CountOwn);
    let zero = serde_json::json!({
        "key": {"province": "60"}, "value": 0, "at_least": 0, "flag": "ok"
    });
    let cells = answer["cells"].as_array_mut().unwrap();
    cells.push(zero.clone());
    let small = page_of(Op::CountOwn, answer.clone(), Lang::En);
    assert!(small.contains("Yukon"), "{small}");
    answer["cells"].as_array_mut().unwrap().extend(std::iter::repeat_n(zero, 20));
    let large = page_of(Op::CountOwn, answer, Lang::En);
    assert!(!large.contains("Yukon") && large.contains("21\u{a0}rows of 0 are not shown"));
}

#[test]
fn the_page_for_a_person_says_who_was_told_what_in_their_language() {
    assert_eq!(
        page(Op::AuditDisclosures, Lang::En),
        "\
Who was told what about you
Prepared by Office of British Columbia on 2026-11-22. Your file here is 0190f5c2-6e1a-7c3e-9d2b-1f0a5b6c7d8e.

Your name, your contact details and what you told us in your own words were given to nobody. This is what was given:

1. To National Coordination Centre, on 2026-11-02
  What for         Statistical analysis
  Under agreement  0190f5c2, 2.1
  Period                 2026-Q3
  Place                  Ontario
  Forms of exploitation  Forced labour or services
  Taken back on 2026-11-22 14:03. They confirmed, signed, on 2026-11-22 14:04 that their copy is destroyed.

Inside our organization your file was opened 7\u{a0}times. Our rules kept it from going out 2\u{a0}times.

You may ask us to correct your file, to withdraw your permission at any time, and to explain any line of this page. Withdrawing never affects the help you receive."
    );
    let french = page(Op::AuditDisclosures, Lang::Fr);
    assert!(french.starts_with("Ce qui a été communiqué à votre sujet, et à qui\n"));
    assert!(french.contains("1. À Centre national de coordination, le 2026-11-02"));
}

#[test]
fn status_begins_with_who_we_are_and_ends_with_health() {
    for (lang, first, last) in [
        (Lang::En, "National Coordination Centre", "→ entente partner show 5c7b1d0c5a"),
        (Lang::Fr, "Centre national de coordination", "→ entente partner show 5c7b1d0c5a"),
    ] {
        let page = page(Op::Status, lang);
        assert_eq!(page.lines().next(), Some(first));
        assert_eq!(page.lines().last(), Some(last));
    }
    let french = page(Op::Status, Lang::Fr);
    assert!(french.contains("  Nos dossiers                 4\u{a0}210"), "{french}");
    assert!(french.contains("nous\u{a0}: signer l’entente"), "{french}");
}

#[test]
fn the_digits_are_read_and_typed_in_the_order_of_who_invited() {
    let english = page(Op::PartnerDigits, Lang::En);
    assert!(english.contains("  1. Read aloud:  402 719\n  2. Type the six digits"), "{english}");
    let mut second = example(Op::PartnerDigits);
    second["we_read_first"] = false.into();
    let french = page_of(Op::PartnerDigits, second, Lang::Fr);
    assert!(french.contains("  2. Lisez à voix haute\u{a0}:  402 719"), "{french}");
}

#[test]
fn digits_that_do_not_match_say_how_many_tries_are_left() {
    let mut answer = example(Op::PartnerVerify);
    answer["matched"] = false.into();
    answer["tries_left"] = 1.into();
    assert_eq!(
        page_of(Op::PartnerVerify, answer.clone(), Lang::Fr),
        "Les chiffres ne correspondent pas.\n1\u{a0}essai restant"
    );
    answer["tries_left"] = 0.into();
    let last = page_of(Op::PartnerVerify, answer, Lang::En);
    assert!(last.ends_with("→ entente partner invite"), "{last}");
}

#[test]
fn a_diff_begins_with_what_they_would_newly_see() {
    assert_eq!(
        page(Op::AgreementDiff, Lang::En),
        "\
From version 1 to 2 with National Coordination Centre

They would newly see
  • the province of exploitation instead of the region (2.2)

Other changes
  • the breach contact (5.1)"
    );
}

#[test]
fn a_withdrawal_says_its_consequences_before_and_after() {
    let mut dry = example(Op::RecordWithdraw);
    dry["done"] = false.into();
    let before = page_of(Op::RecordWithdraw, dry, Lang::En);
    assert!(before.starts_with("This would happen to record 0190f5c2"), "{before}");
    assert!(before.contains("1\u{a0}partner must destroy its copy and confirm it"), "{before}");
    let after = page(Op::RecordWithdraw, Lang::Fr);
    assert!(after.contains("retiré de toute communication"), "{after}");
}
