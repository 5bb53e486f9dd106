//! Notifications: what people should know without asking. They are read from the journals, so they
//! are sent at least once, in order for each engagement, and nothing else is.

mod notice;
mod payload;
mod people;
mod sender;

pub use notice::{Kind, Notice};
pub use payload::{chat, mail, webhook};
pub use people::{Daily, Quiet, Reader};
pub use sender::{Channel, Failed, Sender, Sends};
