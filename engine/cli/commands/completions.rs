//! `completions`: shell completions and the manual page, generated from the arguments.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::args::{Args, Completions};
use crate::exit::{Exit, Failure};

pub fn completions(what: Completions) -> Result<Exit, Failure> {
    let shell = match what {
        Completions::Bash => Shell::Bash,
        Completions::Elvish => Shell::Elvish,
        Completions::Fish => Shell::Fish,
        Completions::Powershell => Shell::PowerShell,
        Completions::Zsh => Shell::Zsh,
        Completions::Man => return manual(),
    };
    let mut script = Vec::new();
    generate(shell, &mut Args::command(), "cloudcrew", &mut script);
    crate::out::bytes(&script);
    Ok(Exit::Done)
}

/// One page: the command, then each subcommand.
fn manual() -> Result<Exit, Failure> {
    let mut command = Args::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let man = clap_mangen::Man::new(verb.clone());
        page.extend(format!(".SH \"CLOUDCREW {}\"\n", verb.get_name().to_uppercase()).bytes());
        let mut part = Vec::new();
        man.render_synopsis_section(&mut part)?;
        man.render_description_section(&mut part)?;
        if verb.get_arguments().next().is_some() {
            man.render_options_section(&mut part)?;
        }
        page.extend(
            String::from_utf8_lossy(&part)
                .replace("\n.SH ", "\n.SS ")
                .replacen(".SH ", ".SS ", 1)
                .bytes(),
        );
    }
    crate::out::bytes(&page);
    Ok(Exit::Done)
}
