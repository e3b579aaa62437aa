"""Fixtures of the samplers: diffusers' schedulers and the few-step DMD sampler, run on an analytic velocity.

Writes sampler/index.json, which lists the files, and one safetensors a run:
{sigmas [N+1], timesteps [N], noise [C,F,H,W], latents [N+1,C,F,H,W]} (latents[0] is the noise, latents[i] the
state after step i), for DMD also step_noise [N-1,C,F,H,W], the fresh noise of each step but the last.
"""

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

from common import FIXTURES, generator, normal, save, save_json

DIRECTORY = FIXTURES / "sampler"
SHAPE = (4, 2, 3, 5)


def velocity(latent: torch.Tensor, timestep: float) -> torch.Tensor:
    """The stand-in for a network: 0.5 sin(3 x) + t / 1000, in float64, rounded to float32."""
    return (0.5 * torch.sin(3 * latent.double()) + timestep / 1000).float()


def run(scheduler, noise: torch.Tensor, **schedule) -> dict[str, torch.Tensor]:
    """The trajectory of a diffusers scheduler, called as WanPipeline calls it; `schedule` is for `set_timesteps`."""
    scheduler.set_timesteps(**schedule)
    scheduler.set_begin_index(0)
    latents = [noise]
    for timestep in scheduler.timesteps:
        output = velocity(latents[-1], float(timestep))
        latents.append(scheduler.step(output, timestep, latents[-1], return_dict=False)[0])
    return {
        "sigmas": scheduler.sigmas.float(),
        "timesteps": scheduler.timesteps.float(),
        "noise": noise,
        "latents": torch.stack(latents),
    }


def run_dmd(sigmas: torch.Tensor, timesteps: torch.Tensor, noise: torch.Tensor, step_noise: torch.Tensor):
    """Few-step sampling of a distilled model: predict the clean latent, add fresh noise of the next level.

    FastVideo's DmdDenoisingStage and Self-Forcing's inference loop do the same.
    """
    latents = [noise]
    for step, timestep in enumerate(timesteps):
        clean = latents[-1] - sigmas[step] * velocity(latents[-1], float(timestep))
        if step + 1 < len(timesteps):
            clean = (1 - sigmas[step + 1]) * clean + sigmas[step + 1] * step_noise[step]
        latents.append(clean)
    return {
        "sigmas": torch.cat([sigmas, torch.zeros(1)]),
        "timesteps": timesteps,
        "noise": noise,
        "latents": torch.stack(latents),
        "step_noise": step_noise,
    }


def nearest_sigmas(table: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
    """The entry of a scheduler's sigma table whose timestep (1000 sigma) is nearest to each timestep."""
    return table[(table[None] * 1000 - timesteps[:, None]).abs().argmin(1)]


def dmd_runs():
    """(name, shift, requested steps, sigmas, timesteps) of the two families of few-step models."""
    # FastVideo: the timesteps go into the model as they are, sigmas come from the shift-8 table of FlowMatchEuler.
    requested = [1000, 757, 522]
    timesteps = torch.tensor(requested, dtype=torch.float32)
    table = FlowMatchEulerDiscreteScheduler(shift=8.0).sigmas
    yield "fastvideo", 8.0, requested, nearest_sigmas(table, timesteps), timesteps
    # Self-Forcing: the requested steps index a shift-5 table of linspace(1, 0, 1001)[:-1].
    requested = [1000, 750, 500, 250]
    base = torch.linspace(1, 0, 1001)[:-1]
    table = 5 * base / (1 + 4 * base)
    timesteps = (table * 1000)[1000 - torch.tensor(requested)]
    yield "self-forcing", 5.0, requested, nearest_sigmas(table, timesteps), timesteps


def write() -> None:
    rng = generator(7000)
    noise = normal(rng, *SHAPE)
    index = []
    for shift in (1.0, 3.0, 5.0):
        for steps in (4, 20):
            scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
            name = f"euler-shift{shift:g}-steps{steps}.safetensors"
            save(DIRECTORY / name, **run(scheduler, noise, num_inference_steps=steps))
            index.append({"file": name, "sampler": "euler", "shift": shift, "steps": steps})
        for steps in (4, 10, 20):
            scheduler = UniPCMultistepScheduler(
                prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift
            )
            name = f"unipc-shift{shift:g}-steps{steps}.safetensors"
            save(DIRECTORY / name, **run(scheduler, noise, num_inference_steps=steps))
            index.append({"file": name, "sampler": "unipc", "shift": shift, "steps": steps})
    for steps in (4, 9):
        # As FluxPipeline asks the scheduler.
        trailing = [1 - step / steps for step in range(steps)]
        name = f"euler-trailing-steps{steps}.safetensors"
        save(DIRECTORY / name, **run(FlowMatchEulerDiscreteScheduler(shift=3.0), noise, sigmas=trailing))
        index.append({"file": name, "sampler": "euler", "spacing": "trailing", "shift": 3.0, "steps": steps})
    for family, shift, requested, sigmas, timesteps in dmd_runs():
        name = f"dmd-{family}.safetensors"
        step_noise = normal(rng, len(requested) - 1, *SHAPE)
        save(DIRECTORY / name, **run_dmd(sigmas, timesteps, noise, step_noise))
        index.append(
            {
                "file": name, "sampler": "dmd", "family": family, "shift": shift, "steps": len(requested),
                "requested_timesteps": requested,
            }
        )
    save_json(DIRECTORY / "index.json", {"velocity": "0.5 * sin(3 * x) + t / 1000, float64, rounded to float32", "runs": index})
