use super::Toolbox;

/// What models read: a change of an argument's type or words shows here.
#[test]
fn tools_are_declared_to_models_in_these_words() {
    let mut text = String::new();
    for info in Toolbox::built_in().infos() {
        let (name, words) = (&info.name, &info.description);
        let review = if info.in_review { ", also in a review" } else { "" };
        text += &format!("{name}: {words}\n{:?}, {:?}{review}\n", info.capability, info.effect);
        text += &format!("{:#}\n\n", info.schema);
    }
    insta::assert_snapshot!(text);
}
