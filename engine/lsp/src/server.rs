//! The main loop: handles messages in order, answers each from the state it saw, and publishes
//! findings when no message waits.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use cloudcrew_definition::syntax::is_part;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    CodeActionParams, CompletionParams, CompletionResponse, DidChangeTextDocumentParams,
    DidChangeWatchedFilesParams, DidChangeWatchedFilesRegistrationOptions,
    DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, DocumentSymbolParams, DocumentSymbolResponse, FileSystemWatcher,
    GlobPattern, GotoDefinitionParams, GotoDefinitionResponse, HoverParams, InitializeParams,
    InitializeResult, Position, PrepareRenameResponse, PublishDiagnosticsParams, ReferenceParams,
    Registration, RegistrationParams, RenameFilesParams, RenameParams, ServerInfo,
    TextDocumentIdentifier, TextDocumentPositionParams, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Client;
use crate::folder::{Documents, Folder, Open, below};
use crate::place::Place;
use crate::position::Lines;
use crate::wire::{Incoming, Writer};
use crate::{World, actions, completion, hover, names, offer, rename, symbols, uri};

/// Maximum messages per batch, so that a client that never pauses still receives findings.
const BATCH: usize = 1000;

/// State of the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greeting {
    /// Before `initialize`.
    Strange,
    /// In operation.
    Working,
    /// After `shutdown`.
    Leaving,
}

pub(crate) struct Server<W> {
    world: World,
    out: Writer<W>,
    client: Client,
    greeting: Greeting,
    documents: Documents,
    folders: BTreeMap<PathBuf, Folder>,
}

/// Why a request is refused.
type Refused = (ErrorCode, String);

impl<W: Write> Server<W> {
    pub(crate) fn new(world: World, out: Writer<W>) -> Server<W> {
        let (documents, folders) = (Documents::new(), BTreeMap::new());
        Server {
            world,
            out,
            client: Client::LEAST,
            greeting: Greeting::Strange,
            documents,
            folders,
        }
    }

    /// Serves until `exit` or the end of the input. Returns `true` if `shutdown` came before.
    pub(crate) fn run(mut self, incoming: Receiver<Incoming>) -> io::Result<bool> {
        while let Ok(first) = incoming.recv() {
            // Drain the queue first: findings are computed for the last keystroke, not for each.
            let batch: Vec<Incoming> =
                std::iter::once(first).chain(incoming.try_iter().take(BATCH)).collect();
            let withdrawn: HashSet<RequestId> = batch.iter().filter_map(withdrawn).collect();
            for message in batch {
                match message {
                    Incoming::Broken(code, why) => self.out.complain(code, &why)?,
                    Incoming::Message(Message::Request(request))
                        if withdrawn.contains(&request.id) =>
                    {
                        let why = "withdrawn".to_owned();
                        self.out.send(Response::new_err(
                            request.id,
                            ErrorCode::RequestCanceled as i32,
                            why,
                        ))?;
                    }
                    Incoming::Message(Message::Request(request)) => self.request(request)?,
                    Incoming::Message(Message::Notification(note)) if note.method == "exit" => {
                        return Ok(self.greeting == Greeting::Leaving);
                    }
                    Incoming::Message(Message::Notification(note)) => self.note(note),
                    // We send no request whose response matters.
                    Incoming::Message(Message::Response(_)) => {}
                }
            }
            self.publish()?;
        }
        Ok(self.greeting == Greeting::Leaving)
    }

    /// Sends the client all changed findings.
    fn publish(&mut self) -> io::Result<()> {
        for folder in self.folders.values_mut() {
            folder.refresh(&self.world, &self.documents);
            for (path, diagnostics) in folder.news(&self.client, &self.documents) {
                let Some(uri) = folder.uri(&path, &self.documents) else { continue };
                let version = self.documents.get(&folder.root.join(&path)).map(|open| open.version);
                let params = PublishDiagnosticsParams { uri, diagnostics, version };
                self.out.send(Notification::new(
                    "textDocument/publishDiagnostics".to_owned(),
                    params,
                ))?;
            }
        }
        Ok(())
    }

    fn request(&mut self, request: Request) -> io::Result<()> {
        let (id, method) = (request.id.clone(), request.method.clone());
        let answer = match (self.greeting, method.as_str()) {
            (Greeting::Strange, "initialize") => self.initialize(request.params),
            (Greeting::Strange, _) => {
                Err((ErrorCode::ServerNotInitialized, "`initialize` must come first".to_owned()))
            }
            (Greeting::Working, "shutdown") => {
                self.greeting = Greeting::Leaving;
                Ok(Value::Null)
            }
            (Greeting::Working, _) => self.answer(&method, request.params),
            (Greeting::Leaving, _) => {
                Err((ErrorCode::InvalidRequest, "the server is shutting down".to_owned()))
            }
        };
        self.out.send(match answer {
            Ok(result) => Response::new_ok(id, result),
            Err((code, why)) => Response::new_err(id, code as i32, why),
        })
    }

    fn initialize(&mut self, params: Value) -> Result<Value, Refused> {
        let params: InitializeParams = read(params)?;
        self.client = Client::of(&params.capabilities);
        self.greeting = Greeting::Working;
        let named =
            params.workspace_folders.unwrap_or_default().into_iter().map(|folder| folder.uri);
        #[expect(deprecated, reason = "older clients send their folder this way")]
        let roots: Vec<Uri> = named.chain(params.root_uri).collect();
        for root in roots.iter().filter_map(uri::path) {
            self.enter(&root);
        }
        write(InitializeResult {
            capabilities: offer::capabilities(&self.client),
            server_info: Some(ServerInfo {
                name: "cloudcrew".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    /// Opens a folder of the editor; without `agents.yaml` there is nothing to check.
    fn enter(&mut self, root: &Path) {
        let agents = root.join("agents.yaml");
        if !self.folders.contains_key(root)
            && (agents.is_file() || self.documents.contains_key(&agents))
        {
            let mut folder = Folder::open(root.to_owned(), &self.world, &self.documents);
            folder.refresh(&self.world, &self.documents);
            self.folders.insert(root.to_owned(), folder);
        }
    }

    /// The workspace of a file, and the file's path in it.
    fn home(&mut self, path: &Path) -> Option<(PathBuf, String)> {
        for root in path.ancestors().skip(1) {
            if let Some(inside) = below(root, path).filter(|inside| is_part(inside)) {
                self.enter(root);
                if self.folders.contains_key(root) {
                    return Some((root.to_owned(), inside));
                }
            }
        }
        None
    }

    fn note(&mut self, note: Notification) {
        if self.greeting != Greeting::Working {
            return;
        }
        // A notification has no response: unreadable ones are ignored.
        let _ = match note.method.as_str() {
            "initialized" => self.watch(),
            "textDocument/didOpen" => read(note.params).map(|p| self.did_open(p)),
            "textDocument/didChange" => read(note.params).map(|p| self.did_change(p)),
            "textDocument/didClose" => read(note.params).map(|p| self.did_close(&p)),
            "textDocument/didSave" => read(note.params).map(|p| self.did_save(&p)),
            "workspace/didChangeWatchedFiles" => {
                read(note.params).map(|p| self.did_change_files(&p))
            }
            "workspace/didChangeWorkspaceFolders" => {
                read(note.params).map(|p| self.did_change_folders(&p))
            }
            _ => Ok(()),
        };
    }

    /// Asks the client to report files that change outside of the editor.
    fn watch(&mut self) -> Result<(), Refused> {
        if !self.client.watches {
            return Ok(());
        }
        let globs = [
            "**/agents.yaml",
            "**/{phases,workflows,rehearsals,knowledge}/*.yaml",
            "**/{prompts,templates}/**/*.md",
            "**/examples/sow/*",
        ];
        let watchers = globs.map(|glob| FileSystemWatcher {
            glob_pattern: GlobPattern::String(glob.to_owned()),
            kind: None,
        });
        let options = DidChangeWatchedFilesRegistrationOptions { watchers: watchers.into() };
        let method = "workspace/didChangeWatchedFiles".to_owned();
        let register = Registration {
            id: "files".to_owned(),
            method,
            register_options: serde_json::to_value(options).ok(),
        };
        let params = RegistrationParams { registrations: vec![register] };
        let id = RequestId::from("watch".to_owned());
        // If nobody reads any more, the loop will notice.
        let _ = self.out.send(Request::new(id, "client/registerCapability".to_owned(), params));
        Ok(())
    }

    fn did_open(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let Some(path) = uri::path(&document.uri) else { return };
        self.documents.insert(
            path.clone(),
            Open { uri: document.uri, version: document.version, text: document.text },
        );
        self.touch(&path);
    }

    fn did_change(&mut self, params: DidChangeTextDocumentParams) {
        let Some(path) = uri::path(&params.text_document.uri) else { return };
        let Some(open) = self.documents.get_mut(&path) else { return };
        for change in params.content_changes {
            match change.range {
                None => open.text = change.text,
                Some(range) => {
                    let range = Lines::new(&open.text, self.client.encoding).bytes(range);
                    open.text.replace_range(range, &change.text);
                }
            }
        }
        open.version = params.text_document.version;
        self.touch(&path);
    }

    fn did_close(&mut self, params: &DidCloseTextDocumentParams) {
        let Some(path) = uri::path(&params.text_document.uri) else { return };
        self.documents.remove(&path);
        if let Some((root, inside)) = self.home(&path)
            && let Some(folder) = self.folders.get_mut(&root)
        {
            folder.touch(inside);
        }
    }

    fn did_save(&mut self, params: &DidSaveTextDocumentParams) {
        let Some(path) = uri::path(&params.text_document.uri) else { return };
        self.saved(&path);
    }

    fn did_change_files(&mut self, params: &DidChangeWatchedFilesParams) {
        for path in params.changes.iter().filter_map(|change| uri::path(&change.uri)) {
            self.saved(&path);
        }
    }

    /// A file was written or removed.
    fn saved(&mut self, path: &Path) {
        let Some((root, inside)) = self.home(path) else { return };
        if inside == "agents.yaml" && !path.is_file() && !self.documents.contains_key(path) {
            self.leave(&root);
            return;
        }
        if let Some(folder) = self.folders.get_mut(&root) {
            folder.touch(inside);
            folder.refresh(&self.world, &self.documents);
        }
    }

    fn did_change_folders(&mut self, params: &DidChangeWorkspaceFoldersParams) {
        for root in params.event.removed.iter().filter_map(|folder| uri::path(&folder.uri)) {
            self.leave(&root);
        }
        for root in params.event.added.iter().filter_map(|folder| uri::path(&folder.uri)) {
            self.enter(&root);
        }
    }

    /// Clears the findings of a closed workspace.
    fn leave(&mut self, root: &Path) {
        let Some(folder) = self.folders.remove(root) else { return };
        for uri in folder.sent().filter_map(|path| folder.uri(path, &self.documents)) {
            let params = PublishDiagnosticsParams { uri, diagnostics: Vec::new(), version: None };
            // If nobody reads any more, the loop will notice.
            let _ = self
                .out
                .send(Notification::new("textDocument/publishDiagnostics".to_owned(), params));
        }
    }

    /// An open document has changed.
    fn touch(&mut self, path: &Path) {
        if let Some((root, inside)) = self.home(path)
            && let Some(folder) = self.folders.get_mut(&root)
        {
            folder.awaits(inside.clone());
            folder.touch(inside);
        }
    }

    fn answer(&mut self, method: &str, params: Value) -> Result<Value, Refused> {
        match method {
            "textDocument/completion" => {
                let params: CompletionParams = read(params)?;
                let Some(place) = self.place(&params.text_document_position)? else {
                    return Ok(Value::Null);
                };
                let items = completion::complete(&place);
                write(CompletionResponse::Array(items))
            }
            "textDocument/hover" => {
                let params: HoverParams = read(params)?;
                let Some(place) = self.place(&params.text_document_position_params)? else {
                    return Ok(Value::Null);
                };
                write(hover::hover(&place))
            }
            "textDocument/definition" => {
                let params: GotoDefinitionParams = read(params)?;
                let Some(place) = self.place(&params.text_document_position_params)? else {
                    return Ok(Value::Null);
                };
                let found = names::at(&place).map(|name| names::definition(&place, &name));
                write(found.map(GotoDefinitionResponse::Array))
            }
            "textDocument/references" => {
                let params: ReferenceParams = read(params)?;
                let Some(place) = self.place(&params.text_document_position)? else {
                    return Ok(Value::Null);
                };
                let with = params.context.include_declaration;
                write(names::at(&place).map(|name| names::references(&place, &name, with)))
            }
            "textDocument/prepareRename" => {
                let Some(place) = self.place(&read(params)?)? else { return Ok(Value::Null) };
                let (range, name) = rename::prepare(&place).map_err(refused)?;
                let range = place.lines(place.file).range(range);
                write(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder: name.text })
            }
            "textDocument/rename" => {
                let params: RenameParams = read(params)?;
                let Some(place) = self.place(&params.text_document_position)? else {
                    return Ok(Value::Null);
                };
                let (_, name) = rename::prepare(&place).map_err(refused)?;
                let edit = rename::rename(&place, &name, &params.new_name);
                write(edit.map_err(refused)?)
            }
            "textDocument/codeAction" => {
                let params: CodeActionParams = read(params)?;
                let start = TextDocumentPositionParams {
                    text_document: params.text_document,
                    position: params.range.start,
                };
                let Some(place) = self.place(&start)? else { return Ok(Value::Null) };
                let end = place.lines(place.file).bytes(params.range).end;
                let only = params.context.only.as_deref();
                write(actions::actions(&place, end, only))
            }
            "textDocument/documentSymbol" => {
                let params: DocumentSymbolParams = read(params)?;
                let start = TextDocumentPositionParams {
                    text_document: params.text_document,
                    position: Default::default(),
                };
                let Some(place) = self.place(&start)? else { return Ok(Value::Null) };
                let Some(document) = place.folder.kept.document(place.file) else {
                    return Ok(Value::Null);
                };
                let symbols = symbols::symbols(document, &place.lines(place.file));
                match self.client.nested {
                    true => write(DocumentSymbolResponse::Nested(symbols)),
                    false => write(DocumentSymbolResponse::Flat(symbols::flat(
                        symbols,
                        &start.text_document.uri,
                    ))),
                }
            }
            "workspace/willRenameFiles" => {
                let params: RenameFilesParams = read(params)?;
                write(self.will_rename(&params))
            }
            _ => {
                Err((ErrorCode::MethodNotFound, format!("the method `{method}` is not supported")))
            }
        }
    }

    /// The edit for all renamed files whose names are referenced.
    fn will_rename(&mut self, params: &RenameFilesParams) -> Option<lsp_types::WorkspaceEdit> {
        use std::str::FromStr;
        let mut whole: Option<lsp_types::WorkspaceEdit> = None;
        for file in &params.files {
            let address = |text: &str| Uri::from_str(text).ok();
            let Some((from, to)) =
                address(&file.old_uri).zip(address(&file.new_uri).as_ref().and_then(uri::path))
            else {
                continue;
            };
            let at = TextDocumentPositionParams {
                text_document: TextDocumentIdentifier { uri: from },
                position: Position::default(),
            };
            let Ok(Some(place)) = self.place(&at) else { continue };
            let Some(edit) =
                below(&place.folder.root, &to).and_then(|to| rename::moved(&place, &to))
            else {
                continue;
            };
            whole = Some(
                whole.map_or_else(|| edit.clone(), |whole| rename::together(whole, edit.clone())),
            );
        }
        whole
    }

    /// The file and byte of a position, after reading all changes so far. `None` for files outside
    /// any workspace.
    fn place(&mut self, at: &TextDocumentPositionParams) -> Result<Option<Place<'_>>, Refused> {
        let Some((root, inside)) =
            uri::path(&at.text_document.uri).and_then(|path| self.home(&path))
        else {
            return Ok(None);
        };
        let Some(folder) = self.folders.get_mut(&root) else { return Ok(None) };
        folder.refresh(&self.world, &self.documents);
        let folder = &*folder;
        let Some(file) = folder.sources.stored(&inside) else { return Ok(None) };
        let mut place = Place {
            folder,
            file,
            offset: 0,
            world: &self.world,
            client: &self.client,
            documents: &self.documents,
        };
        place.offset = place.lines(file).offset(at.position);
        Ok(Some(place))
    }
}

fn withdrawn(message: &Incoming) -> Option<RequestId> {
    let Incoming::Message(Message::Notification(note)) = message else { return None };
    (note.method == "$/cancelRequest")
        .then(|| serde_json::from_value(note.params["id"].clone()).ok())
        .flatten()
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refused> {
    serde_json::from_value(params).map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}

fn write(answer: impl Serialize) -> Result<Value, Refused> {
    serde_json::to_value(answer).map_err(|error| (ErrorCode::InternalError, error.to_string()))
}

fn refused(why: String) -> Refused {
    (ErrorCode::RequestFailed, why)
}
