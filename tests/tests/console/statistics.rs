//! Statistics and the log: what their pages say, and what can be taken away from them.

use entente_node::local::Role;

use super::House;
use super::furnished::Furnished;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_cases_are_counted_chosen_and_taken_away_and_none_is_said_to_be_none() {
    let house = House::open("House").await;
    let omar = house.signed_in("omar", &[Role::PrivacyOfficer]);
    let none = house.get("/en/statistics/own", &omar).await.body;
    assert!(none.contains("There is no case to count yet") && !none.contains("<tbody>"), "{none}");
    house.site.add_cases(3);
    let counted = house.get("/en/statistics/own?by=gender&exploitation=forced_labour", &omar).await;
    assert!(counted.body.contains("<b class=\"num\">3</b>"), "{}", counted.body);
    let narrow = house.get("/en/statistics/own?exploitation=sexual", &omar).await.body;
    assert!(narrow.contains("No case fits") && !narrow.contains("<tbody>"), "{narrow}");
    let file = house.get("/en/statistics/own?by=province&and=quarter&as=csv", &omar).await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(file.body.lines().next(), Some("\u{feff}Province,Quarter,Cases"));
    assert!(file.body.contains("Manitoba,2026-Q3,3"), "{}", file.body);
    // Without a referral the page of unmet needs says what would be on it, and its file has its heads.
    let gaps = house.get("/en/statistics/gaps", &omar).await.body;
    assert!(gaps.contains("which needs nobody could meet") && !gaps.contains("<tbody>"), "{gaps}");
    let file = house.get("/en/statistics/gaps?as=csv", &omar).await.body;
    assert_eq!(file.trim_end(), "\u{feff}By,Label,Region,Referrals,Unmet,Declines");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_statistics_says_what_is_due_in_words_and_asks_for_it_first() {
    let it = Furnished::new(3).await;
    let page = it.house.get("/fr/statistics", &it.chief).await.body;
    assert!(page.contains("Par région et trimestre") && page.contains("(aiguillages)"), "{page}");
    assert!(!page.contains("region-quarter") && !page.contains("canada@1"), "{page}");
    // The partner has not answered for 2025: there is one thing to do, and no other button is like it.
    let (_, main) = page.split_once("<main").unwrap();
    assert_eq!(main.matches("Demander ce qui est dû").count(), 1, "{main}");
    assert_eq!(main.matches("class=\"button\"").count(), 0, "{main}");
    // The same as a matrix of tables and years, in words and with a way to the figures.
    let (_, matrix) = main.split_once("Tableaux par année").unwrap();
    let (matrix, _) = matrix.split_once("</table>").unwrap();
    assert!(matrix.contains("<th scope=\"col\">2025</th>"), "{matrix}");
    assert!(matrix.contains("⚠\u{a0}dû</a>") && matrix.contains("figures?period=2025"), "{matrix}");
    let figures = format!("/fr/statistics/plans/{}/figures", it.one("plan"));
    let figures = it.house.get(&figures, &it.chief).await.body;
    assert!(figures.contains(">Par région et trimestre</option>"), "{figures}");
    // No sum waits for anybody: nothing can be closed, and looking has closed nothing.
    let close = format!("/en/statistics/plans/{}/close?period=2025", it.one("plan"));
    let close = it.house.get(&close, &it.chief).await.body;
    assert!(
        close.contains("No sum of this period") && !close.contains("name=\"close\""),
        "{close}"
    );
    // Who may not ask reads what waits for a signature, or nothing.
    let auditor = it.house.signed_in("aude", &[Role::Auditor]);
    let page = it.house.get("/fr/statistics", &auditor).await.body;
    assert!(!page.contains("Demander ce qui est dû"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_leaves_its_own_readings_out_says_why_in_words_and_goes_away_as_it_is_shown() {
    let house = House::open("House").await;
    let vera = house.signed_in("vera", &[Role::Auditor]);
    let rows = async |path: &str| {
        let page = house.get(path, &vera).await.body;
        let (_, rows) = page.split_once("<caption>").unwrap();
        rows.split_once("</tbody>").unwrap().0.to_owned()
    };
    rows("/en/audit").await;
    let shown = rows("/en/audit").await;
    assert!(shown.contains("(without readings of the log)"), "{shown}");
    assert!(!shown.contains("Audit log read") && shown.contains("at the console"), "{shown}");
    let all = rows("/en/audit?reads=all").await;
    assert!(all.contains("Audit log read") && !all.contains("without readings"), "{all}");
    let found = rows("/fr/audit?action=audit_read").await;
    assert!(found.contains("Journal consulté") && !found.contains("sans les"), "{found}");

    let file = house.post("/en/audit/export", &vera, "kind=shown&action=logged_in").await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    let mut lines = file.body.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with("Entry,When (UTC),Who,What,How many,Partner,Case,Agreement,Details")
    );
    let came: Vec<_> = lines.collect();
    assert!(
        !came.is_empty() && came.iter().all(|line| line.contains("at the console")),
        "{came:?}"
    );
}
