"""What recording costs beside training: ten layers of a ResNet of 20 layers on 1,000 images of 32 x 32.

    python benchmarks/recorder.py

An epoch is 50,000 images; a part of it is trained and timed, and the rest follows. Prints seconds and percent.
"""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor, nn

import infoplane as ip

ROWS, EPOCH, BATCH, STEPS = 1000, 50_000, 128, 12


class Block(nn.Module):
    """Two convolutions, and what came in added."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.short = nn.Identity() if stride == 1 else nn.Conv2d(inputs, outputs, 1, 2, bias=False)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        t = torch.relu(self.bn1(self.conv1(x)))
        out: Tensor = self.relu(self.bn2(self.conv2(t)) + self.short(x))
        return out


def resnet() -> nn.Module:
    widths = [(16, 16)] * 3 + [(16, 32), (32, 32), (32, 32), (32, 64), (64, 64), (64, 64)]
    stem = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    blocks = [Block(*pair) for pair in widths]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def main() -> None:
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = resnet().to(device)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    x, y = torch.randn(ROWS, 3, 32, 32), torch.randint(10, (ROWS,))
    images, labels = torch.randn(BATCH, 3, 32, 32, device=device), torch.randint(10, (BATCH,), device=device)

    def wait() -> float:
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    folder = Path(tempfile.mkdtemp())
    try:
        layers = [*(str(place) for place in range(3, 12)), "14"]
        for how in (None, "flatten"):
            recorder = ip.ActivationRecorder(model, x, y=y, folder=folder / str(how), layers=layers, reduce=how)
            recorder.save(0)
            step()
            steps, saves = [], []
            for round_ in range(3):  # turn about, as the machine may have other work
                start = wait()
                for _ in range(STEPS // 3):
                    step()
                steps.append((wait() - start) / (STEPS // 3))
                start = wait()
                recorder.save(round_)
                saves.append(wait() - start)
            epoch_s, save_s = statistics.median(steps) * EPOCH / BATCH, statistics.median(saves)
            print(
                f"{device}, {torch.get_num_threads()} threads, reduce={how}: an epoch {epoch_s:.1f} s, "
                f"a save {save_s:.2f} s: {100 * save_s / epoch_s:.1f} %",
                flush=True,
            )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
