//! Commands and their options.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use kinora::Result;
use kinora::command::forward::Network;
use kinora::command::generate::GenerateOptions;
use kinora::command::{forward, generate, inspect, ops, quantize};
use kinora::format::DataType;

/// Text to video on your own graphics card
#[derive(Debug, Parser)]
#[command(name = "kinora", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a clip from a prompt
    Generate(GenerateOptions),
    /// Run one network on tensors from a safetensors file
    Forward {
        /// The network
        #[arg(value_enum)]
        network: Network,
        /// Folder of a model, or of the network alone
        #[arg(long)]
        model: PathBuf,
        /// Tensors that go in
        #[arg(long)]
        input: PathBuf,
        /// Where to write what comes out
        #[arg(long)]
        output: PathBuf,
    },
    /// Show the tensors and metadata of a GGUF or safetensors file
    Inspect {
        /// The file
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a GGUF file with smaller weights
    Quantize {
        /// GGUF or safetensors file to read
        input: PathBuf,
        /// GGUF file to write
        output: PathBuf,
        /// Type of the large matrices: q8_0, q6_k, q5_k, q4_k, q4_0, f16 or bf16
        #[arg(long = "type")]
        data_type: DataType,
    },
    /// Run the op table: every kernel against its reference on the processor, with its speed
    Ops {
        /// Only rows whose name contains this
        #[arg(long)]
        filter: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Does what the command line asks for.
///
/// # Errors
/// With a message for the person who typed it.
pub(crate) fn run() -> Result<()> {
    match Arguments::parse().command {
        Command::Generate(options) => generate::run(&options),
        Command::Forward { network, model, input, output } => forward::run(network, &model, &input, &output),
        Command::Inspect { file, json } => inspect::run(&file, json),
        Command::Quantize { input, output, data_type } => quantize::run(&input, &output, data_type),
        Command::Ops { filter, json } => ops::run(filter.as_deref(), json),
    }
}
