//! Properties of random scenarios. What once failed is kept in `properties.regressions` and tried
//! again first.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use shakedown::link::Link;
use shakedown::scenario::Scenario;
use shakedown_matrix::arbitrary::{check, decode};
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::{Prediction, predict};

static LAB: LazyLock<Lab> = LazyLock::new(Lab::new);

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/properties.regressions",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_random_scenario_goes_as_the_model_says(scenario in scenarios()) {
        prop_assert_eq!(check(&LAB, &scenario), Ok(()));
    }

    #[test]
    fn trying_again_comes_to_the_same(scenario in scenarios()) {
        // Where random bytes decide, the model says so.
        prop_assume!(decided(&scenario));
        prop_assert_eq!(LAB.run(&scenario), LAB.run(&scenario));
    }

    #[test]
    fn the_size_of_deliveries_changes_nothing(scenario in scenarios(), size in 1_u32..400) {
        prop_assume!(decided(&scenario));
        let with = |deliver| LAB.run(&Scenario {
            link: Link { deliver, ..scenario.link.clone() },
            ..scenario.clone()
        });
        prop_assert_eq!(with(None), with(Some(size)));
    }

    #[test]
    fn what_is_written_reads_back(scenario in scenarios()) {
        let read = Scenario::from_json(&scenario.to_json());
        prop_assert_eq!(read.as_ref(), Ok(&scenario));
        prop_assert_eq!(read.map(|read| read.id()), Ok(scenario.id()));
    }

    #[test]
    fn the_model_allows_one_outcome_and_names_what_decides(scenario in scenarios()) {
        let prediction = predict(&scenario);
        let clean = scenario.link.ops.is_empty();
        prop_assert!(prediction.is_sharp() || prediction.cause().is_none() || !clean);
    }
}

/// Whether the outcome does not depend on random bytes.
fn decided(scenario: &Scenario) -> bool {
    match predict(scenario) {
        Prediction::Expect(expectation) => expectation.allowed.len() == 1,
        Prediction::Unsupported { .. } | Prediction::Unmodelled { .. } => true,
    }
}

fn scenarios() -> impl Strategy<Value = Scenario> {
    prop::collection::vec(any::<u8>(), 2..16)
        .prop_filter_map("values that cannot go together", |bytes| decode(&bytes))
}
