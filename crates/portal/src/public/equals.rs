//! What energy is in things that everybody knows. Each figure says where it comes from, and the page says it, too.

/// Microjoules to bring a litre of water from 15 °C to the boil: 4.18 kJ for a kilogram and a degree (the specific heat of
/// water), 85 degrees, in a kettle that loses a tenth.
const LITRE_UJ: i64 = 395_000_000_000;

/// Microjoules for a kilometre in an electric car: 18 kWh for 100 km, a common figure of registration tests (WLTP: 14 to
/// 22).
const CAR_KM_UJ: i64 = 648_000_000_000;

/// Microjoules for an hour of a lamp of 8 W.
const LAMP_HOUR_UJ: i64 = 28_800_000_000;

/// Tenths of litres of water brought to the boil.
pub fn litres_10(uj: i64) -> i64 {
    tenths(uj, LITRE_UJ)
}

/// Tenths of kilometres in an electric car.
pub fn car_km_10(uj: i64) -> i64 {
    tenths(uj, CAR_KM_UJ)
}

/// Hours that a lamp of 8 W shines, in milliseconds.
pub fn lamp_ms(uj: i64) -> i64 {
    tenths(uj, LAMP_HOUR_UJ).saturating_mul(360_000)
}

fn tenths(uj: i64, unit: i64) -> i64 {
    i64::try_from((i128::from(uj) * 10 + i128::from(unit) / 2) / i128::from(unit)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilowatt_hour_is_nine_litres_of_tea() {
        const KWH: i64 = 3_600_000_000_000;
        assert_eq!(litres_10(KWH), 91);
        assert_eq!(car_km_10(KWH), 56);
        assert_eq!(lamp_ms(KWH), 125 * 3_600_000);
        assert_eq!((litres_10(0), car_km_10(i64::MAX) > 0), (0, true));
    }
}
