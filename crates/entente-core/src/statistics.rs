//! Statistics that protect people.

pub mod columns;
