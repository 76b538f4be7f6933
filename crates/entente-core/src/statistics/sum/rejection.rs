//! Why one report is left out of a sum. The others are not harmed by it.

use crate::codes::{Code as _, code_list};

use super::wire::Malformed;

code_list! {
    /// Why one report is left out. Numbers are what the aggregators tell each other.
    Rejection = "sum_rejection" {
        NoContributor = "no_contributor", "Not a contributor of this round", "Ne contribue pas à ce calcul";
        BadSignature = "bad_signature", "The signature is not good", "La signature n’est pas bonne";
        WrongRound = "wrong_round", "Made for another round", "Produit pour un autre calcul";
        SecondContribution = "second_contribution", "The organization has already contributed", "L’organisme a déjà contribué";
        RepeatedId = "repeated_id", "The number of the report was used before", "Le numéro du rapport a déjà servi";
        NotSealedToUs = "not_sealed_to_us", "The share cannot be opened", "La part ne peut pas être ouverte";
        Unreadable = "unreadable", "The share cannot be read", "La part ne peut pas être lue";
        NotProven = "not_proven", "A cell is out of range, or the shares do not fit each other", "Une case dépasse les bornes, ou les parts ne concordent pas";
    }
}

impl Rejection {
    /// For the wire: 0 says that there is none.
    pub(super) fn to_wire(rejection: Option<Self>) -> u8 {
        rejection.map_or(0, |it| it.number() + 1)
    }

    pub(super) fn from_wire(number: u8) -> Result<Option<Self>, Malformed> {
        match number.checked_sub(1) {
            None => Ok(None),
            Some(number) => Self::from_number(number).map(Some).ok_or(Malformed),
        }
    }
}
