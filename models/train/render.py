"""Render scenes to video: batched tensor code for any device, any height and width."""

import torch

from world.actors import cast, cast_shadows, paint_actors
from world.camera import camera_path
from world.keypoints import keypoints
from world.places import paint_backgrounds
from world.weather import kick_up_dust, paint_weather
from world.window import Screen

FPS = 8


def render(scene, frames, height, width, fps=FPS, only=None, controls=False):
    """Render a batch of B scenes as clips of `frames` frames; `only`, a list of T frame numbers, paints no others.

    Returns (video, mask): video float32 [B, 3, T, height, width] in -1..1, mask float32 [B, T, height, width] in 0..1,
    the share of a pixel that the subjects cover. With `controls` also a dictionary of what the renderer knows:
    "depth" [B, T, height, width]: 1 / distance, 0 infinitely far away, 1 where subjects usually are;
    "edges" [B, T, height, width]: outlines, 0..1; "masks" [B, 2, T, height, width]: what is seen of the first and the second
    subject; "keypoints" [B, 2, T, K, 3]: see world/keypoints.py; "camera" [B, T, 6]: see world/camera.py.
    """
    device = scene.subject.device
    only = torch.arange(frames, device=device) if only is None else torch.tensor(only, device=device)
    seconds, duration = only / fps, (frames - 1) / fps
    screen = Screen(height, width, device)
    video = torch.empty(len(scene), 3, len(only), height, width, device=device)
    planes = video.new_zeros(4 if controls else 2, len(scene), len(only), height, width)
    records = {"depth": planes[2], "edges": planes[3]} if controls else None

    camera = camera_path(scene, seconds, duration, screen.aspect)
    paint_backgrounds(video.transpose(1, 2), scene, camera, seconds, screen, records)
    actors = cast(scene, camera, seconds, duration, screen.aspect)
    for each in actors:
        cast_shadows(video, each, screen)
    for each, mask in zip(actors, planes):
        paint_actors(video, mask, each, seconds, screen, records)
        kick_up_dust(video, each, seconds, screen)
    paint_weather(video, scene, camera, seconds, screen)
    video.clamp_(0, 1).mul_(2).sub_(1)
    # The second subject stands before the first.
    first, second = planes[0] * (1 - planes[1]), planes[1]
    if not controls:
        return video, first + second
    points = torch.stack([keypoints(each, len(scene), screen) for each in actors], dim=1)
    masks = torch.stack((first, second), dim=1)
    return video, first + second, records | {"masks": masks, "keypoints": points, "camera": camera.path()}
