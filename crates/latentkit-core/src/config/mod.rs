//! An experiment's config: raw TOML in, checked values out. After [`Config::load`] no code checks them again.

mod document;
mod experiment;
mod name;
mod nested;
mod number;
mod section;
mod trials;

pub use experiment::Config;
pub use name::Name;
pub use nested::from_table;
pub use number::{AtLeastTwo, Count, Fraction, NonNegative, NonNegativeInt, Positive};
pub use section::{Conflict, Section, SectionType};
pub use trials::{SweepPlan, Trial};
