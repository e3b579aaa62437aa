//! The op table on the native device; and recordings: replay, cancel, memory, and pieces of long dispatches.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::rc::Rc;
use std::time::{Duration, Instant};

use kinora::Error;
use kinora::gpu::{Access, Arena, Cancel, Dispatch, Gpu, Kernel, Recorder, Recording, Tensor};
use kinora::ops::{self, Activation, Attention, Conv, Epilogue, Linear, Modulation, Permutation, Rms, Weight};
use kinora::quant::PackedFormat;

async fn gpu() -> Rc<Gpu> {
    Gpu::with_least_limits().await.expect("install a Vulkan driver: apt-get install mesa-vulkan-drivers")
}

#[test]
fn every_operation_agrees_with_its_reference() {
    pollster::block_on(async {
        let gpu = gpu().await;
        let rows = kinora::table::run(&gpu, None, |row| {
            println!("{} {} {}: {:.1e}, {:.3} ms", row.op, row.variant, row.shape, row.error, row.milliseconds);
        });
        let rows = rows.await.unwrap();
        let failed: Vec<_> = rows.iter().filter(|row| !row.ok).collect();
        assert!(failed.is_empty(), "{failed:#?}");
        assert!(rows.iter().all(|row| row.error <= row.bound));
    });
}

#[test]
fn a_filter_without_a_match_is_an_error() {
    pollster::block_on(async {
        let rows = kinora::table::run(&gpu().await, Some("no such operation"), |_| {}).await;
        assert!(matches!(rows, Err(Error::BadInput(_))));
    });
}

struct Shapes {
    gpu: Rc<Gpu>,
    recorder: Recorder,
}

impl Shapes {
    fn tensor(&self, shape: &[usize]) -> Tensor {
        self.gpu.zeros("test", shape).unwrap()
    }

    fn linear(&self, rows: usize, columns: usize, bias: usize) -> Linear {
        Linear { weight: self.weight(rows, columns), bias: Some(self.tensor(&[bias])) }
    }

    fn weight(&self, rows: usize, columns: usize) -> Weight {
        let data = Rc::new(self.gpu.allocate("test", 4 * (rows * columns.next_multiple_of(4)) as u64).unwrap());
        Weight { format: PackedFormat::F32, rows, columns, taps_fastest: false, data, scales: None }
    }

    /// 3 × 3 × 3 from 4 channels to 5.
    fn conv(&self) -> Conv {
        Conv {
            weight: self.weight(5, 27 * 4),
            bias: None,
            kernel: [3, 3, 3],
            stride_frames: 1,
            stride: 1,
            pad_frames: 2,
            pad_before: 1,
            pad_after: 1,
            upsample: 1,
        }
    }
}

#[track_caller]
fn refused<T>(result: kinora::Result<T>) {
    match result {
        Err(Error::BadInput(_)) => {}
        Err(other) => panic!("refused as {other:?}"),
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn linear_checks_its_shapes() {
    pollster::block_on(async {
        let gpu = gpu().await;
        let mut s = Shapes { recorder: Recorder::new(&Arena::new(&gpu)), gpu };
        let x = s.tensor(&[6, 8]);
        let layer = s.linear(3, 8, 3);
        let (other, long_gate, short_gate) = (s.tensor(&[6, 3]), s.tensor(&[7]), s.tensor(&[6]));
        let none = Activation::None;
        ops::linear(&mut s.recorder, &x, &layer, none, Epilogue::AddGated(&other, &long_gate, 4)).unwrap();
        refused(ops::linear(&mut s.recorder, &x, &layer, none, Epilogue::AddGated(&other, &short_gate, 4)));
        refused(ops::linear(&mut s.recorder, &x, &layer, none, Epilogue::Add(&x)));
        refused(ops::linear(&mut s.recorder, &x, &layer, none, Epilogue::Multiply(&x)));
        refused(ops::linear(&mut s.recorder, &other, &layer, none, Epilogue::Store));
        let long_bias = s.linear(3, 8, 4);
        refused(ops::linear(&mut s.recorder, &x, &long_bias, none, Epilogue::Store));
    });
}

#[test]
fn attention_checks_its_shapes() {
    pollster::block_on(async {
        let gpu = gpu().await;
        let mut s = Shapes { recorder: Recorder::new(&Arena::new(&gpu)), gpu };
        let (x, narrow) = (s.tensor(&[10, 48]), s.tensor(&[10, 15]));
        let bias = s.tensor(&[2, 18]);
        let fitting = Attention {
            query: &x,
            key: &x,
            value: &x,
            offsets: [0, 16, 32],
            rows: (0, 10, 10),
            heads: 2,
            head_dim: 8,
            scale: 1.0,
            bias: None,
        };
        ops::attention(&mut s.recorder, &fitting).unwrap();
        refused(ops::attention(&mut s.recorder, &Attention { rows: (1, 10, 10), ..fitting }));
        refused(ops::attention(&mut s.recorder, &Attention { rows: (0, 0, 10), ..fitting }));
        refused(ops::attention(&mut s.recorder, &Attention { rows: (0, 10, 0), ..fitting }));
        refused(ops::attention(&mut s.recorder, &Attention { offsets: [0, 16, 33], ..fitting }));
        refused(ops::attention(&mut s.recorder, &Attention { query: &narrow, ..fitting }));
        refused(ops::attention(&mut s.recorder, &Attention { key: &narrow, ..fitting }));
        refused(ops::attention(&mut s.recorder, &Attention { value: &narrow, ..fitting }));
        refused(ops::attention(&mut s.recorder, &Attention { bias: Some(&bias), ..fitting }));
    });
}

#[test]
fn conv_checks_its_shapes() {
    pollster::block_on(async {
        let gpu = gpu().await;
        let mut s = Shapes { recorder: Recorder::new(&Arena::new(&gpu)), gpu };
        let x = s.tensor(&[2, 6, 6, 4]);
        let (flat, five_channels, small) = (s.tensor(&[6, 6, 4]), s.tensor(&[2, 6, 6, 5]), s.tensor(&[2, 1, 1, 4]));
        let scalar = s.tensor(&[]);
        let (layer, none) = (s.conv(), Activation::None);
        ops::conv(&mut s.recorder, &x, Some(&x), &layer, none, Epilogue::Store).unwrap();
        refused(ops::conv(&mut s.recorder, &flat, None, &layer, none, Epilogue::Store));
        refused(ops::conv(&mut s.recorder, &five_channels, None, &layer, none, Epilogue::Store));
        for history in [&flat, &small, &scalar] {
            refused(ops::conv(&mut s.recorder, &x, Some(history), &layer, none, Epilogue::Store));
        }
        refused(ops::conv(&mut s.recorder, &x, None, &layer, none, Epilogue::Add(&x)));
        refused(ops::conv(&mut s.recorder, &x, None, &layer, none, Epilogue::AddGated(&five_channels, &x, 0)));
        let gates = s.tensor(&[4]);
        let wrong = [
            Conv { bias: Some(gates), ..layer.clone() },
            Conv { pad_before: 0, pad_after: 0, ..layer.clone() },
            Conv { pad_frames: 0, ..layer.clone() },
            Conv { stride: 0, ..layer.clone() },
            Conv { stride_frames: 0, ..layer.clone() },
            Conv { upsample: 0, ..layer.clone() },
        ];
        for layer in wrong {
            let input = if layer.bias.is_some() || layer.pad_before == 1 { &x } else { &small };
            refused(ops::conv(&mut s.recorder, input, None, &layer, none, Epilogue::Store));
        }
    });
}

#[test]
fn other_operations_check_their_shapes() {
    pollster::block_on(async {
        let gpu = gpu().await;
        let mut s = Shapes { recorder: Recorder::new(&Arena::new(&gpu)), gpu };
        let x = s.tensor(&[6, 8]);
        let (eight, seven) = (s.tensor(&[8]), s.tensor(&[7]));
        let recorder = &mut s.recorder;
        refused(ops::layer_norm(recorder, &x, Modulation::Affine(&eight, &seven), 1e-6));
        refused(ops::layer_norm(recorder, &x, Modulation::Affine(&seven, &eight), 1e-6));
        refused(ops::layer_norm(recorder, &x, Modulation::Adaptive { values: &x, scale: 0, shift: 41 }, 1e-6));
        refused(ops::layer_norm(recorder, &x, Modulation::Adaptive { values: &x, scale: 41, shift: 0 }, 1e-6));
        refused(ops::rms_norm(recorder, &x, &seven, Rms::Epsilon(1e-6), Activation::None));
        refused(ops::add(recorder, &x, &seven));
        refused(ops::channel_affine(recorder, &x, &seven, &eight));
        refused(ops::channel_affine(recorder, &x, &eight, &seven));
        refused(ops::rgba(recorder, &x));
        let permutation = Permutation { split: &[6, 8], order: &[1, 0], shape: &[8, 6] };
        ops::permute(recorder, &x, &permutation).unwrap();
        for wrong in [
            Permutation { split: &[6, 7], ..permutation },
            Permutation { order: &[1], ..permutation },
            Permutation { order: &[1, 2], ..permutation },
            Permutation { order: &[1, 1], ..permutation },
            Permutation { shape: &[8, 5], ..permutation },
            Permutation { split: &[1; 9], order: &[0; 9], shape: &[1] },
        ] {
            refused(ops::permute(recorder, &x, &wrong));
        }
        // 6 tokens of 2 heads of 4, of 8 heads of 1, and of heads of 3.
        let tables = [[6, 2, 2], [6, 1, 1], [6, 3, 1]].map(|shape| s.tensor(&shape));
        ops::rope(&mut s.recorder, &x, &tables[0]).unwrap();
        refused(ops::rope(&mut s.recorder, &x, &tables[1]));
        refused(ops::rope(&mut s.recorder, &x, &tables[2]));
        let table = s.weight(5, 8);
        let ids = s.tensor(&[4]);
        ops::embedding(&mut s.recorder, ids.storage(), 4, &table).unwrap();
        refused(ops::embedding(&mut s.recorder, ids.storage(), 5, &table));
    });
}

#[test]
fn shortcuts_check_their_shapes() {
    pollster::block_on(async {
        let gpu = gpu().await;
        let mut s = Shapes { recorder: Recorder::new(&Arena::new(&gpu)), gpu };
        let [large, small] = [[4, 4, 4, 4], [2, 2, 2, 8]].map(|shape| s.tensor(&shape));
        let empty = s.tensor(&[2, 2, 2, 0]);
        let flat = s.tensor(&[4, 4]);
        let recorder = &mut s.recorder;
        ops::average_down(recorder, &large, &small, 2, 2).unwrap();
        ops::duplicate_up(recorder, &small, &large, 2, 2).unwrap();
        for (frames, factor) in [(1, 2), (2, 1), (0, 2), (2, 0)] {
            refused(ops::average_down(recorder, &large, &small, frames, factor));
        }
        for (frames, factor) in [(1, 2), (2, 1), (0, 2), (2, 0)] {
            refused(ops::duplicate_up(recorder, &small, &large, frames, factor));
        }
        refused(ops::average_down(recorder, &large, &empty, 2, 2));
        refused(ops::duplicate_up(recorder, &empty, &large, 2, 2));
        refused(ops::average_down(recorder, &flat, &small, 2, 2));
        refused(ops::duplicate_up(recorder, &flat, &large, 2, 2));
    });
}

#[test]
fn a_recording_computes_with_what_is_in_its_inputs_now() {
    pollster::block_on(async {
        let gpu = gpu().await;
        let x = gpu.upload("x", &[5], &[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        let y = gpu.upload("y", &[5], &[0.5; 5]).unwrap();
        let mut recorder = Recorder::new(&Arena::new(&gpu));
        let sum = ops::add(&mut recorder, &x, &y).unwrap();
        let out = ops::add(&mut recorder, &sum, &x).unwrap();
        let recording = recorder.finish().unwrap();
        recording.run(&Cancel::default()).await.unwrap();
        assert_eq!(gpu.read(&out).await.unwrap(), [2.5, 4.5, 6.5, 8.5, 10.5]);
        gpu.write(&x, &[-1.0, 0.0, 1.0, 7.0, 100.0]).unwrap();
        recording.run(&Cancel::default()).await.unwrap();
        assert_eq!(gpu.read(&out).await.unwrap(), [-1.5, 0.5, 2.5, 14.5, 200.5]);
    });
}

/// Sums in a chain whose scratch buffers are used again and again: 2ⁿ · x.
fn doubled(recorder: &mut Recorder, x: &Tensor, times: usize) -> Tensor {
    (0..times).fold(x.clone(), |x, _| ops::add(recorder, &x, &x).unwrap())
}

#[test]
fn recordings_that_share_an_arena_do_not_disturb_each_other() {
    pollster::block_on(async {
        let gpu = gpu().await;
        let arena = Arena::new(&gpu);
        let x = gpu.upload("x", &[64], &[1.0; 64]).unwrap();
        let record = |times| {
            let mut recorder = Recorder::new(&arena);
            let out = doubled(&mut recorder, &x, times);
            (recorder.finish().unwrap(), out)
        };
        let (first, first_out) = record(5);
        let (second, second_out) = record(3);
        // Two results that are kept, and two buffers that every step of both uses in turn.
        assert_eq!(arena.reserved_bytes(), 3 * 64 * 4);
        let expect = async |first_value: f32, second_value: f32| {
            first.run(&Cancel::default()).await.unwrap();
            second.run(&Cancel::default()).await.unwrap();
            assert_eq!(gpu.read(&first_out).await.unwrap(), [first_value; 64]);
            assert_eq!(gpu.read(&second_out).await.unwrap(), [second_value; 64]);
        };
        expect(32.0, 8.0).await;
        gpu.write(&x, &[-3.0; 64]).unwrap();
        expect(-96.0, -24.0).await;
    });
}

#[test]
fn a_tensor_that_no_shader_can_see_does_not_fit() {
    pollster::block_on(async {
        let gpu = gpu().await;
        let elements = gpu.max_tensor_bytes() as usize / 4 + 1;
        assert!(matches!(gpu.zeros("test", &[elements]), Err(Error::DoesNotFit(_))));
        assert!(matches!(Arena::new(&gpu).tensor(&[elements]), Err(Error::DoesNotFit(_))));
        let x = gpu.zeros("test", &[1 << 10, 16]).unwrap();
        let mut recorder = Recorder::new(&Arena::new(&gpu));
        let data = Rc::new(gpu.allocate("test", 64).unwrap());
        let rows = elements.div_ceil(1 << 10);
        let weight = Weight { format: PackedFormat::F32, rows, columns: 16, taps_fastest: false, data, scales: None };
        let layer = Linear { weight, bias: None };
        let out = ops::linear(&mut recorder, &x, &layer, Activation::None, Epilogue::Store);
        assert!(matches!(out, Err(Error::DoesNotFit(_))));
        gpu.check().unwrap();
    });
}

fn long_recording(gpu: &Rc<Gpu>, times: usize) -> Recording {
    let x = gpu.upload("x", &[512, 512], &[0.001; 512 * 512]).unwrap();
    let data = Rc::new(gpu.allocate("test", 4 * 512 * 512).unwrap());
    let weight = Weight { format: PackedFormat::F32, rows: 512, columns: 512, taps_fastest: false, data, scales: None };
    let layer = Linear { weight, bias: None };
    let mut recorder = Recorder::new(&Arena::new(gpu));
    (0..times).fold(x, |x, _| ops::linear(&mut recorder, &x, &layer, Activation::None, Epilogue::Store).unwrap());
    recorder.finish().unwrap()
}

#[test]
fn cancelling_stops_a_recording_within_a_submission() {
    pollster::block_on(async {
        let gpu = gpu().await;
        // The speed of the device is not known yet; a first run teaches it.
        long_recording(&gpu, 2).run(&Cancel::default()).await.unwrap();
        let stopwatch = Instant::now();
        long_recording(&gpu, 2).run(&Cancel::default()).await.unwrap();
        let two = stopwatch.elapsed();
        // Half a minute of work.
        let recording = long_recording(&gpu, 2 * (30.0 / two.as_secs_f64()).clamp(1.0, 2000.0) as usize);
        let cancel = Cancel::default();
        let canceller = cancel.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            canceller.cancel();
            Instant::now()
        });
        let result = recording.run(&cancel).await;
        let stopped = Instant::now();
        let cancelled = thread.join().unwrap();
        assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
        let delay = stopped.saturating_duration_since(cancelled);
        println!("stopped {} ms after the cancel", delay.as_millis());
        // Two of the products may be under way; the rest is for a machine that is busy otherwise.
        assert!(delay < 2 * two + Duration::from_secs(2), "{delay:?}");
        assert!(matches!(recording.run(&cancel).await, Err(Error::Cancelled)), "a cancelled flag stays");
    });
}

static COUNT: Kernel = Kernel {
    name: "count",
    source: &[r"
        @group(0) @binding(0) var<uniform> p: vec4<u32>;
        @group(0) @binding(1) var<storage, read_write> out: array<f32>;
        @compute @workgroup_size(64)
        fn main(
            @builtin(workgroup_id) group: vec3<u32>,
            @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) index: u32,
        ) {
            let i = (p.x + group.y * groups.x + group.x) * 64u + index;
            if (i < p.y) {
                out[i] = f32(i) + f32(p.z);
            }
        }"],
    bindings: &[Access::Write],
};

#[test]
fn a_dispatch_in_pieces_gives_the_same() {
    pollster::block_on(async {
        let gpu = gpu().await;
        // More workgroups than along one dimension, in one piece and in pieces that are no multiple of anything.
        for (workgroups, cost) in
            [(1, 10), (1000, 10), (70_001, 10), (1000, 130_000_000_000), (140_003, 50_000_000_000)]
        {
            let elements = 64 * workgroups as usize - 3;
            let out = gpu.upload("out", &[elements], &vec![f32::NAN; elements]).unwrap();
            let mut recorder = Recorder::new(&Arena::new(&gpu));
            recorder.dispatch(&Dispatch {
                kernel: &COUNT,
                constants: &[],
                bindings: &[Some(out.storage())],
                parameters: [elements as u32, 5],
                workgroups,
                cost,
            });
            let recording = recorder.finish().unwrap();
            recording.run(&Cancel::default()).await.unwrap();
            let values = gpu.read(&out).await.unwrap();
            let wrong = (0..elements).find(|&i| values[i] != i as f32 + 5.0);
            assert_eq!(wrong, None, "{workgroups} workgroups of cost {cost}");
        }
    });
}
