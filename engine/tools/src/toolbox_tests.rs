use super::Toolbox;

/// Snapshot of what models read: it shows every change to an argument's type or description.
#[test]
fn tool_declarations_for_models() {
    let mut text = String::new();
    for info in Toolbox::built_in().infos() {
        let (name, words) = (&info.name, &info.description);
        let review = if info.in_review { ", also in a review" } else { "" };
        text += &format!("{name}: {words}\n{:?}, {:?}{review}\n", info.capability, info.effect);
        text += &format!("{:#}\n\n", info.schema);
    }
    insta::assert_snapshot!(text);
}
