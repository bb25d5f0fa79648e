//! Papers: see below.
