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
        }
        if smallest == before {
            return smallest;
        }
    }
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
    fn what_never_fails_stays() {
        let axes = Axes::new();
        let space = axes.space(&[]).expect("scenarios");
        let mut point = axes.plain();
        point[2] = 1;
        assert_eq!(shrink(&axes, &space, &point, |_| false), point);
    }
}
