import copy

import torch
from torch import nn

from datayield.nets.teacher import Teacher
from datayield.optim.groups import groups


def parts() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6)), nn.Linear(6, 3)


def test_it_starts_as_a_copy_and_answers_without_a_graph() -> None:
    body, head = parts()
    teacher = Teacher(body, head)
    x = torch.randn(5, 4, requires_grad=True)
    said = teacher(x)
    assert torch.equal(said, head(body(x)))
    assert not said.requires_grad


def test_each_parameter_moves_by_the_right_share() -> None:
    body, head = parts()
    teacher = Teacher(body, head)
    before = [p.clone() for p in teacher.parameters()]
    theirs = [*body.parameters(), *head.parameters()]
    with torch.no_grad():
        for p in theirs:
            p.add_(torch.randn_like(p))
    teacher.follow(0.9, body, head)
    for ours, old, their in zip(teacher.parameters(), before, theirs, strict=True):
        torch.testing.assert_close(ours, 0.9 * old + 0.1 * their)
    teacher.follow(1.0, body, head)
    teacher.follow(0.0, body, head)
    assert all(torch.equal(a, b) for a, b in zip(teacher.parameters(), theirs, strict=True))


def test_buffers_are_its_own() -> None:
    body, head = parts()
    teacher = Teacher(body, head)
    body(torch.randn(8, 4))
    mean = teacher.state_dict()["net.0.1.running_mean"].clone()
    teacher.follow(0.0, body, head)
    assert torch.equal(teacher.state_dict()["net.0.1.running_mean"], mean)
    teacher(torch.randn(8, 4) + 1)
    assert not torch.equal(teacher.state_dict()["net.0.1.running_mean"], mean)


def test_no_optimizer_sees_it_and_all_of_it_is_in_the_state() -> None:
    body, head = parts()
    teacher = Teacher(body, head)
    assert groups(teacher, 0.1) == []
    other = Teacher(*(copy.deepcopy(part).apply(_redraw) for part in (body, head)))
    other.load_state_dict(teacher.state_dict(), strict=True)
    x = torch.randn(5, 4)
    assert torch.equal(other(x), teacher(x))


def _redraw(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        module.reset_parameters()
