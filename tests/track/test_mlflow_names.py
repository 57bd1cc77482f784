"""MLflow refuses names with a comma, which evaluations of several numbers of labels have."""

from datayield.track.mlflow_names import allowed


def test_what_mlflow_refuses_is_replaced_and_the_rest_is_kept() -> None:
    assert allowed("classes, 50 labels/accuracy") == "classes_ 50 labels/accuracy"
    assert allowed("in (200)/mIoU@1") == "in _200_/mIoU_1"
    for name in ("train/nt_xent", "data.count", "top-1 5.0: a/b", "größe/accuracy"):
        assert allowed(name) == name
