//! What everybody may know of prices. Must not know who asks.

use ledger::tariff::Resource;

use crate::core::Centre;

impl Centre {
    /// What a core-hour costs now, in micro-euros: the least and the greatest of all who pay; `None`: nobody pays.
    pub(crate) fn core_hour(&self) -> Option<(i64, i64)> {
        let book = self.money.tariffs.as_ref()?;
        let machine = self.machine_type();
        let prices = || {
            let now = book.tariffs().filter_map(|tariff| book.at(tariff.category, self.now).ok());
            now.filter_map(|tariff| tariff.price(Resource::CoreHour, &machine)).map(|price| price.0)
        };
        Some((prices().min()?, prices().max()?))
    }
}
