//! JSON schemas of what is written and read.

use schemars::JsonSchema;
use serde_json::Value;

/// The schema of a type. Its descriptions are the documentation's, without what is there for Rust alone.
pub(crate) fn of<T: JsonSchema>() -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    without_examples(&mut schema);
    schema
}

fn without_examples(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "description" => {
                        let end = text.find("\n\n```").unwrap_or(text.len());
                        text.truncate(end);
                    }
                    field => without_examples(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_examples),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use shakedown::scenario::Scenario;

    #[test]
    fn examples_in_rust_are_left_out() {
        let schema = super::of::<Scenario>();
        assert_eq!(schema["description"], "One handshake to be tried.");
        assert!(!schema.to_string().contains("```"));
    }
}
