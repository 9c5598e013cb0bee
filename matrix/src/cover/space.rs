//! What there is to cover: axes, their values, and what cannot go together.

use super::completion::Completer;
use super::constraint::Constraint;

/// Axes with numbered values, and constraints on which values go together.
///
/// At least one row satisfies the constraints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    sizes: Vec<usize>,
    constraints: Vec<Constraint>,
}

impl Space {
    /// A space whose axis `i` has the values `0..sizes[i]`.
    ///
    /// Decides by complete search whether the constraints leave any row. The search takes time
    /// exponential in the number of axes at worst.
    ///
    /// # Errors
    ///
    /// Fails if an axis is empty, a limit is exceeded, a constraint names what does not exist, or
    /// the constraints leave no row.
    pub fn new(sizes: Vec<usize>, constraints: Vec<Constraint>) -> Result<Self, SpaceError> {
        check_sizes(&sizes)?;
        for (position, constraint) in constraints.iter().enumerate() {
            check_constraint(&sizes, position, constraint)?;
        }
        let constraints: Vec<Constraint> = constraints.iter().map(Constraint::normalised).collect();
        if Completer::new(&sizes, &constraints).any_row() {
            Ok(Self { sizes, constraints })
        } else {
            Err(SpaceError::Contradictory)
        }
    }

    /// The number of values of each axis.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The constraints, each naming every axis once, axes and values ascending.
    pub fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    /// Whether the row has one existing value for each axis.
    pub fn fits(&self, row: &[usize]) -> bool {
        row.len() == self.sizes.len()
            && row
                .iter()
                .zip(&self.sizes)
                .all(|(value, size)| value < size)
    }

    /// Whether the row fits and satisfies all constraints.
    pub fn allows(&self, row: &[usize]) -> bool {
        self.fits(row)
            && !self
                .constraints
                .iter()
                .any(|constraint| constraint.forbids(row))
    }
}

fn check_sizes(sizes: &[usize]) -> Result<(), SpaceError> {
    if sizes.len() > MAX_AXES {
        return Err(SpaceError::TooManyAxes { axes: sizes.len() });
    }
    for (axis, &size) in sizes.iter().enumerate() {
        if size == 0 {
            return Err(SpaceError::EmptyAxis { axis });
        }
        if size > MAX_VALUES {
            return Err(SpaceError::TooManyValues { axis, size });
        }
    }
    Ok(())
}

fn check_constraint(
    sizes: &[usize],
    position: usize,
    constraint: &Constraint,
) -> Result<(), SpaceError> {
    for (axis, set) in &constraint.forbid {
        let Some(&size) = sizes.get(*axis) else {
            return Err(SpaceError::NoSuchAxis {
                constraint: position,
                axis: *axis,
            });
        };
        if let Some(&value) = set.iter().find(|&&value| value >= size) {
            return Err(SpaceError::NoSuchValue {
                constraint: position,
                axis: *axis,
                value,
            });
        }
    }
    Ok(())
}

/// Why a [`Space`] cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// There are more than [`MAX_AXES`] axes.
    #[error("{axes} axes are more than the {MAX_AXES} supported")]
    TooManyAxes {
        /// How many there are.
        axes: usize,
    },
    /// An axis has no value, so no row exists.
    #[error("axis {axis} has no value")]
    EmptyAxis {
        /// The axis.
        axis: usize,
    },
    /// An axis has more than [`MAX_VALUES`] values.
    #[error("axis {axis} has {size} values, more than the {MAX_VALUES} supported")]
    TooManyValues {
        /// The axis.
        axis: usize,
        /// How many values it has.
        size: usize,
    },
    /// A constraint names an axis that does not exist.
    #[error("constraint {constraint} names axis {axis}, which does not exist")]
    NoSuchAxis {
        /// The constraint's position.
        constraint: usize,
        /// The axis it names.
        axis: usize,
    },
    /// A constraint names a value its axis does not have.
    #[error("constraint {constraint} names value {value}, which axis {axis} does not have")]
    NoSuchValue {
        /// The constraint's position.
        constraint: usize,
        /// The axis it names.
        axis: usize,
        /// The value it names.
        value: usize,
    },
    /// No row satisfies all constraints.
    #[error("the constraints contradict each other: no row satisfies them all")]
    Contradictory,
}

/// The most axes a [`Space`] may have.
pub const MAX_AXES: usize = 1024;
/// The most values an axis may have.
pub const MAX_VALUES: usize = 128;
