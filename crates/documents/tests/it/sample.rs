//! Made-up customers of a made-up centre: nobody here exists.

use documents::{AnnexLine, Cents, Kind, Language, Line, Millionths, Paper, Party, Payment, Vat, VatCategory};
use jiff::civil::date;

const TWENTY: VatCategory = VatCategory::Standard(Millionths(20_000_000));

fn seller() -> Party {
    Party {
        name: "Mésocentre du Pays d'Auray".to_owned(),
        street: vec!["12 quai de l'Exemple".to_owned()],
        post_code: "56400".to_owned(),
        city: "Auray".to_owned(),
        country: "FR".to_owned(),
        siren: Some("123456782".to_owned()),
        siret: Some("12345678200010".to_owned()),
        rna: Some("W561234567".to_owned()),
        vat: None,
        email: Some("tresorier@mesocentre.example".to_owned()),
    }
}

fn buyer() -> Party {
    Party {
        name: "Chantier naval des Sables d'Or".to_owned(),
        street: vec!["Zone du Port".to_owned(), "3 rue du Travail-à-faire".to_owned()],
        post_code: "56470".to_owned(),
        city: "La Trinité-sur-Mer".to_owned(),
        country: "FR".to_owned(),
        siren: Some("987654324".to_owned()),
        ..Party::default()
    }
}

fn line(name: &str, quantity: i64, unit: (&str, &str), price: i64, net: i64, category: VatCategory) -> Line {
    Line {
        name: name.to_owned(),
        detail: Some("tarif « entreprise » du 1er septembre 2026".to_owned()),
        quantity: Millionths(quantity),
        unit: unit.0.to_owned(),
        unit_code: unit.1.to_owned(),
        price: Millionths(price),
        net: Cents(net),
        category,
    }
}

/// An invoice of a centre that pays no VAT (franchise en base).
pub fn franchise() -> Paper {
    let category = VatCategory::Exempt;
    Paper {
        kind: Kind::Invoice,
        number: "2026-0042".to_owned(),
        issued: date(2026, 11, 1),
        due: date(2026, 12, 1),
        period: (date(2026, 10, 1), date(2026, 10, 31)),
        seller: seller(),
        buyer: buyer(),
        subject: "Calcul scientifique, octobre 2026 — projet « carène »".to_owned(),
        lines: vec![
            line("Heures de calcul (cœur), machine à grande mémoire", 18_432_500_000, ("h", "HUR"), 25_000, 46_081, category),
            line("Mémoire au-delà de la part d'un cœur", 2_048_000_000, ("Gio·h", "C62"), 1_000, 205, category),
            line("Électricité mesurée", 1_204_117_000, ("kWh", "KWH"), 198_500, 23_902, category),
        ],
        vat: vec![Vat {
            category,
            base: Cents(70_188),
            tax: Cents(0),
            reason: Some("TVA non applicable, article 293 B du CGI".to_owned()),
            code: None,
        }],
        net: Cents(70_188),
        tax: Cents(0),
        total: Cents(70_188),
        paid: Cents(20_000),
        payment: Some(Payment { iban: "FR76 3000 6000 0112 3456 7890 189".to_owned(), bic: Some("AGRIFRPP".to_owned()) }),
        mentions: vec![
            "TVA non applicable, article 293 B du CGI.".to_owned(),
            "Prestation de services. Pas d'escompte pour paiement anticipé.".to_owned(),
            "En cas de retard : pénalités au taux de trois fois l'intérêt légal, et indemnité forfaitaire de 40 € pour frais de recouvrement (articles L441-10 et D441-5 du code de commerce).".to_owned(),
        ],
        annex: jobs(90),
        language: Language::French,
    }
}

fn jobs(count: i64) -> Vec<AnnexLine> {
    (0..count)
        .map(|at| AnnexLine {
            job: (10_401 + at).to_string(),
            name: ["carene-fine-résistance-vague-3", "ccx", "maillage"][at as usize % 3].to_owned(),
            member: ["anne.le-goff", "yann"][at as usize % 2].to_owned(),
            project: "carène".to_owned(),
            ended: date(2026, 10, 1 + (at % 31) as i8),
            core_hours: Millionths(204_805_556 + at),
            energy_kwh: (at % 7 != 3).then_some(Millionths(13_379_077)),
            amount: Millionths(7_798_667),
        })
        .collect()
}

/// A credit note of a centre that is liable to VAT, with two rates, in English, to a customer abroad.
pub fn credit_note() -> Paper {
    let mut seller = seller();
    seller.vat = Some("FR32123456782".to_owned());
    let reduced = VatCategory::Standard(Millionths(5_500_000));
    Paper {
        kind: Kind::CreditNote { of: "2026-0042".to_owned(), dated: date(2026, 11, 1) },
        number: "2026-0043".to_owned(),
        issued: date(2026, 11, 3),
        due: date(2026, 11, 3),
        seller,
        buyer: Party {
            country: "IE".to_owned(),
            post_code: "H91 XYZ1".to_owned(),
            city: "Galway".to_owned(),
            siren: None,
            ..buyer()
        },
        subject: "Job 10411 was killed by a failure of the centre".to_owned(),
        lines: vec![
            line("Core-hours, blade", 12_500_000, ("h", "HUR"), 30_000, 38, TWENTY),
            line("Printed manual", 2_000_000, ("piece", "C62"), 10_000_000, 2_000, reduced),
        ],
        vat: vec![
            Vat { category: TWENTY, base: Cents(38), tax: Cents(8), reason: None, code: None },
            Vat { category: reduced, base: Cents(2_000), tax: Cents(110), reason: None, code: None },
        ],
        net: Cents(2_038),
        tax: Cents(118),
        total: Cents(2_156),
        paid: Cents(0),
        payment: None,
        mentions: vec!["VAT on debits: no.".to_owned()],
        annex: Vec::new(),
        language: Language::English,
        ..franchise()
    }
}

/// An invoice outside the scope of VAT.
pub fn outside() -> Paper {
    let mut paper = franchise();
    for line in &mut paper.lines {
        line.category = VatCategory::Outside;
    }
    let reason = "Association non lucrative, activités accessoires exonérées (article 206-1 bis du CGI)";
    paper.vat[0] = Vat { category: VatCategory::Outside, reason: Some(reason.to_owned()), ..paper.vat[0].clone() };
    paper.mentions[0] = reason.to_owned();
    paper.annex = jobs(3);
    paper
}
