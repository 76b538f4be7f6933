//! Statistics and the log: what their pages say, and what can be taken away from them.

use entente_node::local::Role;

use super::House;

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
}
