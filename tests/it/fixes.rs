//! `check --fix`: what cannot have been meant otherwise is written; comments, layout and everything else stay.

use crate::support::edited;

#[test]
fn slips_are_mended_and_nothing_else_is_touched() {
    let crew = edited();
    let before = crew.read("phases/discovery.yaml");
    crew.edit("phases/discovery.yaml", "max_handoffs: 10", "max_handofs: 10")
        .edit("phases/discovery.yaml", "execution_timeout: 15m", "execution_timeout: 15 minutes")
        .edit("phases/discovery.yaml", "max_reworks: 1", "max_reworks: \"1\"");
    crew.run(&["check"]).exits(1).says("3 of them can be mended with `cloudcrew check --fix`");
    crew.run(&["check", "--fix"]).exits(0).says("phases/discovery.yaml: 3 mended");
    assert_eq!(crew.read("phases/discovery.yaml"), before);
}

#[test]
fn what_may_have_been_meant_otherwise_is_left_to_the_author() {
    let crew = edited();
    crew.edit("phases/discovery.yaml", "agents: [pm, sa]", "agents: [pm, sx]").edit("agents.yaml", "  sonnet:", "  sonet:");
    let before = (crew.read("phases/discovery.yaml"), crew.read("agents.yaml"));
    crew.run(&["check", "--fix"]).exits(1).says("did you mean `sa`?").says("`sonet` is named nowhere");
    assert_eq!((crew.read("phases/discovery.yaml"), crew.read("agents.yaml")), before);
}
