"""The asker's script, as such scripts are written: benchmarks/pipeline.py times the whole pipeline against it.

One network, 500 epochs through a DataLoader, one NPEET value an epoch for the output layer. The pairs are right here.
"""

import numpy as np
import torch
from npeet_plus import mi
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    torch.manual_seed(0)
    x = torch.rand(500, 1) * 6 - 3
    y = x**2 - x - 1 + 0.2 * torch.randn(500, 1)
    train_x, train_y = x[:350], y[:350]
    layers = [torch.nn.Linear(1, 8), torch.nn.ReLU()]
    for _ in range(3):
        layers += [torch.nn.Linear(8, 8), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(8, 1))
    loader = DataLoader(TensorDataset(train_x, train_y), batch_size=32, shuffle=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    loss = torch.nn.MSELoss()
    curve = []
    for _ in range(500):
        for batch_x, batch_y in loader:
            optimizer.zero_grad()
            loss(model(batch_x), batch_y).backward()
            optimizer.step()
        with torch.no_grad():
            curve.append(mi(train_y.numpy(), model(train_x).numpy()))
    print(f"{np.mean(curve[-10:]):.2f} bits over the last ten epochs")


if __name__ == "__main__":
    main()
