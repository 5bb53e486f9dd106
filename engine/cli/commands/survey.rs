//! `survey`: asks people what they think of an engagement after its end, and shows the answers.

use std::io::{BufRead as _, IsTerminal as _};

use cloudcrew_definition::shown::{inset, row};
use cloudcrew_runtime::engagement::{
    Engagement, Record, SurveyRecord, survey as record_survey, survey_questions,
};
use cloudcrew_runtime::metrics::{counts, whole};
use cloudcrew_views::survey::Survey;

use super::decide::read;
use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{document, note, put, say};
use crate::output::pretty;
use crate::wiring::clock::SystemClock;

pub async fn survey(
    args: &Args,
    project: &str,
    ratings: &[String],
    words: &str,
    format: Format,
) -> Result<Exit, Failure> {
    let (store, mut engagement) = home::engagement(args, project).await?;
    let mut ratings = read(ratings)?;
    let mut words = words.to_owned();
    let answered = engagement.state.surveys.contains_key(&home::actor());
    let ended = engagement.state.end.is_some();
    let nothing_given = ratings.is_empty() && words.is_empty();
    if nothing_given && ended && !answered && std::io::stdin().is_terminal() {
        (ratings, words) = asked(&engagement)?;
    }
    if !ratings.is_empty() || !words.trim().is_empty() {
        let answer = SurveyRecord { actor: home::actor(), ratings, words };
        let record = Record::of(&store);
        record_survey(record, &SystemClock::default(), &mut engagement, answer).await?;
        if counts(&engagement) {
            whole(&store, &engagement).await?;
        }
        note!("answer recorded; thank you");
    }
    let found = Survey::new(&engagement);
    match format {
        Format::Json => document(&pretty(&found)),
        Format::Human => show(project, &found),
    }
    Ok(Exit::Done)
}

/// Asks at the terminal. An empty line skips a question.
fn asked(engagement: &Engagement) -> Result<(Vec<(String, u8)>, String), Failure> {
    let (mut ratings, mut lines) = (Vec::new(), std::io::stdin().lock().lines());
    for question in survey_questions(engagement) {
        loop {
            put!("{} (1 to 5; Enter to skip): ", row(&question));
            let Some(line) = lines.next().transpose()? else { return Ok((ratings, String::new())) };
            match line.trim() {
                "" => break,
                text => match text.parse::<u8>().ok().filter(|rating| (1..=5).contains(rating)) {
                    Some(rating) => {
                        ratings.push((question.clone(), rating));
                        break;
                    }
                    None => note!("a rating is a number from 1 to 5"),
                },
            }
        }
    }
    put!("What should we do differently next time? ");
    let words = lines.next().transpose()?.unwrap_or_default();
    Ok((ratings, words))
}

fn show(project: &str, survey: &Survey) {
    if !survey.open {
        say!("{} has not ended yet; the survey opens when it ends", row(project));
        return;
    }
    let questions: Vec<&str> = survey.questions.iter().map(String::as_str).collect();
    say!("questions: {}", row(&questions.join(", ")));
    for answer in &survey.answers {
        let ratings: Vec<String> =
            answer.ratings.iter().map(|(name, rating)| format!("{name} {rating} of 5")).collect();
        say!("{}: {}", row(&answer.actor), row(&ratings.join(", ")));
        if !answer.words.is_empty() {
            say!("  {}", inset(&answer.words, "  "));
        }
    }
    if survey.answers.is_empty() {
        say!("nobody has answered yet");
    }
}
