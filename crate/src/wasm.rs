//! The engine as a browser sees it: the surface of the wasm module, used by the package's Worker.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use js_sys::{Array, Float32Array, Function, Object, Promise, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::error::{Error, Result};
use crate::format::{ByteSource, Manifest};
use crate::generate::{Events, Frame, Phase, Request, generate};
use crate::gpu::{Cancel, Gpu};
use crate::model::Model;
use crate::plan::{ClipSize, Planner};
use crate::preview::Preview;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A file of a model, read by range. */
export interface ByteSource {
    /** Length in bytes. */
    readonly size: number;
    /** Exactly `length` bytes from `offset`. */
    read(offset: number, length: number): Promise<Uint8Array>;
}

/** What is known about the graphics adapter. */
export interface Adapter {
    name: string;
    backend: string;
    software: boolean;
    maxBufferSize: number;
    maxStorageBufferBindingSize: number;
}

/** Size of a clip in pixels and frames. */
export interface ClipSize { width: number; height: number; frames: number }

/** Device memory in bytes: what a clip needs and the device has, and of that in one piece. */
export interface Plan {
    bytes: number;
    budget: number;
    tensorBytes: number;
    tensorBudget: number;
    fits: boolean;
    suggestion?: ClipSize;
}

/** A clip to be made. */
export interface GenerateOptions {
    prompt: string;
    negativePrompt: string;
    width: number;
    height: number;
    frames: number;
    fps: number;
    steps: number;
    guidance: number;
    shift: number;
    sampler: "euler" | "unipc" | "dmd";
    seed: number;
}

/** Hears of what happens while a clip is made. */
export interface GenerateEvents {
    onProgress(progress: { phase: "text" | "denoise" | "decode"; done: number; total: number }): void;
    onPreview(preview: { width: number; height: number; frames: Uint8Array[] }): void;
    onLatent(latent: Float32Array): void;
    onFrame(frame: { index: number; width: number; height: number; data: Uint8Array }): void;
}

/** One row of the op table. */
export interface OpRow {
    op: string;
    variant: string;
    shape: string;
    error: number;
    bound: number;
    ok: boolean;
    milliseconds: number;
    gflops: number | null;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// A file of a model.
    #[wasm_bindgen(typescript_type = "ByteSource")]
    pub type JsByteSource;
    #[wasm_bindgen(method, getter, structural)]
    fn size(this: &JsByteSource) -> f64;
    #[wasm_bindgen(method, structural, catch)]
    fn read(this: &JsByteSource, offset: f64, length: f64) -> std::result::Result<Promise, JsValue>;

    /// Hears of what happens while a clip is made.
    #[wasm_bindgen(typescript_type = "GenerateEvents")]
    pub type JsEvents;
    #[wasm_bindgen(method, structural, catch, js_name = onProgress)]
    fn on_progress(this: &JsEvents, progress: &JsValue) -> std::result::Result<(), JsValue>;
    #[wasm_bindgen(method, structural, catch, js_name = onPreview)]
    fn on_preview(this: &JsEvents, preview: &JsValue) -> std::result::Result<(), JsValue>;
    #[wasm_bindgen(method, structural, catch, js_name = onLatent)]
    fn on_latent(this: &JsEvents, latent: &Float32Array) -> std::result::Result<(), JsValue>;
    #[wasm_bindgen(method, structural, catch, js_name = onFrame)]
    fn on_frame(this: &JsEvents, frame: &JsValue) -> std::result::Result<(), JsValue>;

    /// What is known about the graphics adapter.
    #[wasm_bindgen(typescript_type = "Adapter")]
    pub type JsAdapter;
    /// Size of a clip.
    #[wasm_bindgen(typescript_type = "ClipSize")]
    pub type JsClipSize;
    /// Device memory of a clip.
    #[wasm_bindgen(typescript_type = "Plan")]
    pub type JsPlan;
    /// A clip to be made.
    #[wasm_bindgen(typescript_type = "GenerateOptions")]
    pub type JsGenerateOptions;
    /// The op table.
    #[wasm_bindgen(typescript_type = "OpRow[]")]
    pub type JsOpRows;
    /// The files of a model by path.
    #[wasm_bindgen(typescript_type = "Record<string, ByteSource>")]
    pub type JsFiles;
    /// Hears how far loading is.
    #[wasm_bindgen(
        typescript_type = "(progress: { phase: \"compile\" | \"load\"; done: number; total: number }) => void"
    )]
    pub type JsOnLoad;
    /// Hears of each row of the op table.
    #[wasm_bindgen(typescript_type = "(row: OpRow) => void")]
    pub type JsOnRow;
}

/// Shows where a panic came from before the module stops.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// Asks a running generation to stop.
#[wasm_bindgen]
#[derive(Default)]
pub struct CancelToken(Cancel);

#[wasm_bindgen]
impl CancelToken {
    /// A token that asks nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to stop; the generation rejects with the code `cancelled`.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// The engine on one graphics device.
#[wasm_bindgen]
pub struct Engine {
    gpu: Rc<Gpu>,
    model: Rc<RefCell<Option<Rc<Model>>>>,
}

#[wasm_bindgen]
impl Engine {
    /// Requests the adapter and the device.
    ///
    /// # Errors
    /// Rejects with the code `no-webgpu` when there is no adapter, or it gives no device.
    pub async fn create() -> std::result::Result<Engine, JsValue> {
        let gpu = Gpu::new().await.map_err(to_js_error)?;
        Ok(Self { gpu, model: Rc::default() })
    }

    /// What is known about the adapter.
    pub fn adapter(&self) -> std::result::Result<JsAdapter, JsValue> {
        to_js(&self.gpu.adapter()).map(JsCast::unchecked_into)
    }

    /// The memory that a clip needs, from the manifest alone.
    ///
    /// # Errors
    /// Throws with the code `bad-model` for a manifest that cannot be run, `bad-input` for a size that the model cannot
    /// make. One that does not fit is no error.
    #[wasm_bindgen]
    pub fn plan(&self, manifest: &Object, size: &JsClipSize) -> std::result::Result<JsPlan, JsValue> {
        let size: ClipSize = from_js(size)?;
        let manifest = manifest_from_js(manifest)?;
        let plan = Planner::new(&manifest).and_then(|planner| planner.plan(size, self.gpu.budget()));
        to_js(&plan.map_err(to_js_error)?).map(JsCast::unchecked_into)
    }

    /// Opens a model whose files are complete, in place of the one before, and puts a small one onto the device.
    ///
    /// # Errors
    /// Rejects with the code `bad-model` for a manifest or a file that cannot be used, `storage` for a file that cannot be
    /// read, `does-not-fit` for a weight that is larger than the device allows, or with what the device reported:
    /// `out-of-memory`, `device-lost`, `internal`.
    pub async fn load(
        &self,
        manifest: &Object,
        files: &JsFiles,
        on_progress: JsOnLoad,
    ) -> std::result::Result<(), JsValue> {
        let manifest = manifest_from_js(manifest)?;
        let sources = sources_from_js(files)?;
        let on_progress: Function = on_progress.unchecked_into();
        let report = Rc::new(move |phase: &str, done: u64, total: u64| {
            let progress = LoadProgress { phase, done, total };
            if let Ok(progress) = to_js(&progress) {
                // An exception thrown by the listener is the page's own affair.
                let _ = on_progress.call1(&JsValue::NULL, &progress);
            }
        });
        self.model.replace(None);
        let on_load = Rc::clone(&report);
        let on_load = Rc::new(move |done, total| on_load("load", done, total));
        let model = Model::open(&self.gpu, manifest, sources, on_load).await.map_err(to_js_error)?;
        report("compile", 0, 1);
        model.compile().await.map_err(to_js_error)?;
        report("compile", 1, 1);
        self.model.replace(Some(Rc::new(model)));
        Ok(())
    }

    /// Makes a clip with the loaded model; from `latent`, where the same clip was denoised before.
    ///
    /// # Errors
    /// Rejects with the code `empty-prompt`, `prompt-too-long`, `bad-input` (also when no model is loaded) or `does-not-fit`
    /// before anything is computed; `cancelled`; as [`Engine::load`] where networks are loaded for each clip; or with what
    /// the device reported: `out-of-memory`, `device-lost`, `internal`, the last also for a model that computes values that
    /// are not numbers.
    pub async fn generate(
        &self,
        options: &JsGenerateOptions,
        latent: Option<Vec<f32>>,
        events: JsEvents,
        cancel: &CancelToken,
    ) -> std::result::Result<(), JsValue> {
        let request: Request = from_js(options)?;
        let model = self.model.borrow().clone();
        let model = model.ok_or_else(|| to_js_error(Error::bad_input("no model is loaded")))?;
        let cancel = cancel.0.clone();
        generate(&model, &request, latent, &mut ToJs(events), &cancel).await.map_err(to_js_error)
    }

    /// Runs the op table: every kernel against its reference on the processor. A kernel that is wrong is a row, no error.
    ///
    /// # Errors
    /// Rejects with what the device reported: `out-of-memory`, `device-lost`, `internal`.
    pub async fn ops(&self, filter: Option<String>, on_row: Option<JsOnRow>) -> std::result::Result<JsOpRows, JsValue> {
        let on_row: Option<Function> = on_row.map(JsCast::unchecked_into);
        let rows = crate::table::run(&self.gpu, filter.as_deref(), |row| {
            if let (Some(on_row), Ok(row)) = (&on_row, to_js(row)) {
                let _ = on_row.call1(&JsValue::NULL, &row);
            }
        });
        to_js(&rows.await.map_err(to_js_error)?).map(JsCast::unchecked_into)
    }

    /// Destroys the device and everything on it.
    pub fn unload(&self) {
        self.model.replace(None);
        self.gpu.destroy();
    }
}

#[derive(Serialize)]
struct LoadProgress<'a> {
    phase: &'a str,
    done: u64,
    total: u64,
}

#[derive(Serialize)]
struct Progress {
    phase: Phase,
    done: usize,
    total: usize,
}

/// Passes events on to the page; what its listeners throw is its own affair.
struct ToJs(JsEvents);

impl Events for ToJs {
    fn progress(&mut self, phase: Phase, done: usize, total: usize) {
        if let Ok(progress) = to_js(&Progress { phase, done, total }) {
            let _ = self.0.on_progress(&progress);
        }
    }

    fn preview(&mut self, preview: &Preview) {
        let frames: Array = preview.frames.iter().map(|frame| JsValue::from(Uint8Array::from(&frame[..]))).collect();
        let event = object(&[
            ("width", JsValue::from(preview.width)),
            ("height", JsValue::from(preview.height)),
            ("frames", frames.into()),
        ]);
        let _ = self.0.on_preview(&event);
    }

    fn latent(&mut self, latent: &[f32]) {
        let _ = self.0.on_latent(&Float32Array::from(latent));
    }

    fn frame(&mut self, frame: Frame) {
        let event = object(&[
            ("index", JsValue::from(frame.index)),
            ("width", JsValue::from(frame.width)),
            ("height", JsValue::from(frame.height)),
            ("data", Uint8Array::from(&frame.data[..]).into()),
        ]);
        let _ = self.0.on_frame(&event);
    }
}

fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        // Setting a member of a plain object that nobody else has seen cannot fail.
        let _ = Reflect::set(&object, &JsValue::from(*name), value);
    }
    object.into()
}

/// A file that JavaScript reads.
struct JsSource {
    size: u64,
    source: JsByteSource,
}

impl ByteSource for JsSource {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&self, offset: u64, length: usize) -> LocalBoxFuture<'_, Result<Vec<u8>>> {
        Box::pin(async move {
            if offset.checked_add(length as u64).is_none_or(|end| end > self.size) {
                return Err(Error::bad_model("the file ends before its data does"));
            }
            let fail = |error: JsValue| Error::Storage(format!("reading a model file failed: {}", message_of(&error)));
            let promise = self.source.read(offset as f64, length as f64).map_err(fail)?;
            let bytes: Uint8Array = JsFuture::from(promise)
                .await
                .map_err(fail)?
                .dyn_into()
                .map_err(|_| Error::Storage("reading a model file gave no bytes".into()))?;
            if bytes.length() as usize != length {
                return Err(Error::Storage("reading a model file gave too few bytes".into()));
            }
            Ok(bytes.to_vec())
        })
    }
}

fn sources_from_js(files: &JsFiles) -> std::result::Result<HashMap<String, Rc<dyn ByteSource>>, JsValue> {
    let mut sources: HashMap<String, Rc<dyn ByteSource>> = HashMap::new();
    for entry in Object::entries(files.unchecked_ref()) {
        let pair: Array = entry.unchecked_into();
        let path = pair.get(0).as_string().unwrap_or_default();
        let source: JsByteSource = pair.get(1).unchecked_into();
        sources.insert(path, Rc::new(JsSource { size: source.size() as u64, source }));
    }
    Ok(sources)
}

fn manifest_from_js(manifest: &Object) -> std::result::Result<Manifest, JsValue> {
    let text = js_sys::JSON::stringify(manifest)?;
    Manifest::from_json(&String::from(text)).map_err(to_js_error)
}

fn from_js<T: DeserializeOwned>(value: &JsValue) -> std::result::Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value.clone())
        .map_err(|error| to_js_error(Error::BadInput(format!("an option is missing or wrong: {error}"))))
}

fn to_js(value: &impl Serialize) -> std::result::Result<JsValue, JsValue> {
    // JavaScript's numbers, not its big integers, and plain objects, not maps.
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| to_js_error(Error::Device(error.to_string())))
}

/// An `Error` with a `code`.
fn to_js_error(error: Error) -> JsValue {
    let js = js_sys::Error::new(&error.to_string());
    js.set_name("KinoraError");
    // Setting a member of a fresh error cannot fail.
    let _ = Reflect::set(&js, &JsValue::from("code"), &JsValue::from(error.code()));
    js.into()
}

fn message_of(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
