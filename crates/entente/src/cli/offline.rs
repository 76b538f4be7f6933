//! Commands that are not a question for a running node.

use clap::ArgMatches;
use clap_complete::Shell;
use entente_core::lang::Lang;
use entente_node::fault::Fault;

use super::ask::Typed;
use super::desk::Desk;
use super::{End, faults, tree};
use crate::demo::{self, DemoOptions};
use crate::{render, setup, sponsored, stats};

/// Does the command at `path`; `None` if it is a question for a running node.
pub(super) fn run(
    desk: &Desk,
    path: &[&str],
    typed: &ArgMatches,
) -> Option<Result<End, Box<Fault>>> {
    let names = Typed(typed);
    Some(match path {
        ["demo"] => demo::run(&demo_options(desk, &names), *desk.view()),
        ["verify"] => super::verify::run(desk, &names),
        ["codes"] => codes(desk, &names),
        ["completion"] => completion(desk, typed),
        ["man"] => man(desk, &names),
        ["node", "init"] => setup::init(desk, &names),
        ["node", "run"] => setup::run(desk, &names),
        ["node", "renew"] => setup::renew(desk, &names),
        ["node", "passphrase"] => setup::passphrase(desk, &names),
        ["backup", "verify"] => setup::backup::verify(desk, &names),
        ["backup", "restore"] => setup::backup::restore(desk, &names),
        ["store", "migrate"] => setup::store::migrate(desk, &names),
        ["sponsored", command] => sponsored::run(desk, command, &names),
        ["stats", "mse"] => stats::mse(desk, &names),
        ["store", "rekey"] => setup::store::rekey(desk, &names),
        _ => return None,
    })
}

pub(super) fn demo_options(desk: &Desk, typed: &Typed<'_>) -> DemoOptions {
    DemoOptions {
        lang: desk.lang,
        json: desk.json,
        keep: typed.flag("keep"),
        seed: typed.number("seed").unwrap_or(1),
        records: typed.number("records"),
        import: typed.raw_path("import"),
        layout: typed.maybe("layout"),
        engine: typed.maybe("engine").unwrap_or_else(|| "sled".to_owned()),
    }
}

fn codes(desk: &Desk, typed: &Typed<'_>) -> Result<End, Box<Fault>> {
    let name = typed.maybe("list");
    if desk.json {
        desk.print(&codes_document(name.as_deref())?.to_string());
        return Ok(End::Done);
    }
    let page = render::codes::codes_page(name.as_deref(), desk.view());
    desk.print(&page.ok_or_else(|| faults::no_such_list(&name.unwrap_or_default()))?);
    Ok(End::Done)
}

/// All lists, or one, with the labels in both languages.
fn codes_document(name: Option<&str>) -> Result<serde_json::Value, Box<Fault>> {
    let names = match name {
        Some(name) => vec![name],
        None => render::codes::LISTS.to_vec(),
    };
    let mut lists = serde_json::Map::new();
    for name in names {
        let (Some(en), Some(fr)) =
            (render::codes::list(name, Lang::En), render::codes::list(name, Lang::Fr))
        else {
            return Err(faults::no_such_list(name));
        };
        let codes: Vec<_> = en
            .iter()
            .zip(fr)
            .map(|((code, en), (_, fr))| serde_json::json!({"code": code, "en": en, "fr": fr}))
            .collect();
        lists.insert(name.to_owned(), codes.into());
    }
    Ok(serde_json::json!({ "lists": lists }))
}

fn completion(desk: &Desk, typed: &ArgMatches) -> Result<End, Box<Fault>> {
    let shell = typed.get_one::<Shell>("shell").copied().unwrap_or(Shell::Bash);
    desk.print(completion_script(shell, desk.lang).trim_end());
    Ok(End::Done)
}

pub(super) fn completion_script(shell: Shell, lang: Lang) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut tree::root(lang), "entente", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn man(desk: &Desk, typed: &Typed<'_>) -> Result<End, Box<Fault>> {
    let folder = typed.raw_path("folder").unwrap_or_default();
    let write = || {
        std::fs::create_dir_all(&folder)?;
        clap_mangen::generate_to(tree::root(desk.lang), &folder)
    };
    write().map_err(|error| faults::unwritable(&folder, &error))?;
    if desk.json {
        desk.print(&serde_json::json!({"folder": Desk::absolute(&folder)}).to_string());
    } else {
        let folder = folder.display();
        desk.remark(&format!("Written into {folder}."), &format!("Écrites dans {folder}."));
    }
    Ok(End::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_are_made_for_every_shell() {
        use clap::ValueEnum as _;
        for shell in Shell::value_variants() {
            let script = completion_script(*shell, Lang::Fr);
            assert!(script.contains("disclosures"), "{shell}");
        }
    }

    #[test]
    fn a_manual_page_is_written_for_every_command_in_both_languages() {
        for lang in [Lang::En, Lang::Fr] {
            let folder = tempfile::tempdir().unwrap();
            clap_mangen::generate_to(tree::root(lang), folder.path()).unwrap();
            for name in ["entente.1", "entente-partner-invite.1", "entente-audit-disclosures.1"] {
                assert!(folder.path().join(name).exists(), "{name}");
            }
        }
    }

    #[test]
    fn the_lists_are_a_document_with_both_languages() {
        let one = codes_document(Some("status")).unwrap();
        assert_eq!(one["lists"]["status"][0]["code"], "possible");
        assert_eq!(one["lists"]["status"][0]["fr"], "Victime possible de la traite");
        assert_eq!(
            codes_document(None).unwrap()["lists"].as_object().unwrap().len(),
            render::codes::LISTS.len()
        );
        assert_eq!(codes_document(Some("nonsense")).unwrap_err().code, "ENT-0016");
    }
}
