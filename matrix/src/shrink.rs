//! Shrinking: from a scenario that goes otherwise to the smallest one that still does.

use crate::axes::Axes;
use crate::cover::Space;

/// Moves a point towards the plainest value on every axis, one axis at a time, for as long as
/// `fails` says that it still goes otherwise.
pub fn shrink(
    axes: &Axes,
    space: &Space,
    point: &[usize],
    mut fails: impl FnMut(&[usize]) -> bool,
) -> Vec<usize> {
    let mut smallest = point.to_vec();
    loop {
        let before = smallest.clone();
        for axis in 0..axes.list().len() {
            // The plainest first, then what stands before the present value.
            for value in 0..smallest[axis] {
                let mut candidate = smallest.clone();
                candidate[axis] = value;
                if space.allows(&candidate) && fails(&candidate) {
                    smallest = candidate;
                    break;
                }
            }
            if let Some(candidate) = second_alone(axes, &smallest, axis)
                && space.allows(&candidate)
                && fails(&candidate)
            {
                smallest = candidate;
            }
        }
        if smallest == before {
            return smallest;
        }
    }
}

/// The second of two flaws in the place of the first, which is on the axis before it. A second flaw needs
/// a first, so that no way leads there one axis at a time.
fn second_alone(axes: &Axes, point: &[usize], axis: usize) -> Option<Vec<usize>> {
    let second = &axes.list()[axis];
    if !second.name.ends_with(".also") || point[axis] == 0 {
        return None;
    }
    let mut alone = point.to_vec();
    alone[axis] = 0;
    alone[axis - 1] = axes.value(axis - 1, second.values[point[axis]].label)?;
    Some(alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_left() {
        let axes = Axes::new();
        let space = axes.space(&[]).expect("scenarios");
        let at = |name: &str| axes.index(name).expect("an axis");
        let mut point = axes.plain();
        for (name, value) in [
            ("client.versions", 2),
            ("server.client-auth", 2),
            ("client.key", 3),
            ("client.alpn", 1),
            ("link.deliver", 2),
        ] {
            point[at(name)] = value;
        }
        let matters =
            |point: &[usize]| point[at("server.client-auth")] == 2 && point[at("link.deliver")] > 0;
        let smallest = shrink(&axes, &space, &point, matters);
        assert_eq!(
            axes.describe(&smallest),
            [("server.client-auth", "required"), ("link.deliver", "1")]
        );
    }

    #[test]
    fn the_flaw_that_matters_is_left_of_two() {
        let axes = Axes::new();
        let space = axes.space(&[]).expect("scenarios");
        let at = |name: &str| axes.index(name).expect("an axis");
        let value = |name: &str, label: &str| axes.value(at(name), label).expect("a value");
        let mut point = axes.plain();
        point[at("server.flaw")] = value("server.flaw", "expired");
        point[at("server.also")] = value("server.also", "wrong-eku");
        for flaw in ["expired", "wrong-eku"] {
            let matters = |point: &[usize]| {
                let names = axes.describe(point);
                names.iter().any(|(_, label)| *label == flaw)
            };
            let smallest = shrink(&axes, &space, &point, matters);
            assert_eq!(axes.describe(&smallest), [("server.flaw", flaw)]);
        }
    }

    #[test]
    fn what_never_fails_stays() {
        let axes = Axes::new();
        let space = axes.space(&[]).expect("scenarios");
        let mut point = axes.plain();
        point[2] = 1;
        assert_eq!(shrink(&axes, &space, &point, |_| false), point);
    }
}
