use entente_core::lang::Text;
use entente_core::service::{Organization, Service, ServiceId};

use super::*;
use crate::answer::records::fixture::{actor, desk};
use crate::node::services::Put;

fn service(n: u8, name: &str) -> Service {
    let name = Text::new(name, name);
    let organization = Organization { id: [9; 16], name: name.clone(), ..Organization::default() };
    Service::named(ServiceId([n; 16]), organization, name)
}

#[test]
fn no_more_services_are_kept_than_a_partner_would_keep_not_even_one_by_one() {
    let desk = desk(2);
    let put = |services: Vec<Service>| {
        let put = desk.node.put_services_within(3, &actor(), CHANGED, services);
        put.map_err(|fault| fault.code)
    };
    let too_many = Err("ENT-2204".to_owned());
    assert_eq!(put(vec![service(1, "A"), service(2, "B")]), Ok(vec![Put::Added; 2]));
    // Together they would be four, and none of them is kept.
    assert_eq!(put(vec![service(3, "C"), service(4, "D")]), too_many);
    assert_eq!(put(vec![service(3, "C")]), Ok(vec![Put::Added]));
    assert_eq!(put(vec![service(4, "D")]), too_many);
    assert_eq!(put(vec![service(1, "New"), service(4, "D")]), too_many);
    // What is there can still be changed, and makes room.
    assert_eq!(
        put(vec![service(1, "New"), service(2, "B")]),
        Ok(vec![Put::Changed, Put::Unchanged])
    );
    desk.node.withdraw_service(&actor(), ServiceId([2; 16])).unwrap();
    assert_eq!(put(vec![service(4, "D")]), Ok(vec![Put::Added]));
    let all = desk.node.search_services(Query::default()).unwrap();
    assert_eq!(all.n, 3);
}
