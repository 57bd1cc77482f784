"""Names that columns go by, and what they hold."""

from typing import Literal

from datayield.analysis.evidence.tables.column_names import ColumnName, word_set

Role = Literal[
    "images", "image_fraction", "presented", "epochs", "steps", "batch", "flops",
    "labels", "label_fraction", "label_total", "shots", "classes", "views",
    "seed", "run", "method", "encoder", "pretrain_data", "task", "protocol", "dataset",
    "metric", "value", "items", "repeats", "state", "hours",
]  # fmt: skip

# Most certain first. Words are as `column_names` makes them: "num" is n, "pretraining" pretrain.
NAMES: dict[Role, str] = {
    "images": """
        unique_images unique_pretrain_images pretrain_images n_pretrain_images unlabelled_images
        n_unlabelled_images n_unlabelled unlabelled n_unique_images n_unique unique images n_images
        images_n images_count images_unique pretrain_n n_pretrain pretrain_size pretrain_set_size
        pretrain_samples n_pretrain_samples pretrain_dataset_size dataset_size data_size subset_size
        n_train_images train_images train_size training_size train_set_size trainset_size
        training_set_size n_train ntrain n_samples samples n_train_samples train_samples n_examples
        examples unique_samples n_unique_samples n_data data_n data_count images_used data_points
        datapoints pool_size n_datapoints dataset_n corpus_size count n size images_pretrain""",
    "image_fraction": """
        data_fraction dataset_fraction image_fraction images_fraction pretrain_fraction
        train_fraction subset_fraction data_frac data_ratio data_share fraction frac subset
        data_percent percent_data percentage_data fraction_data""",
    "presented": """
        presented images_presented presented_images n_presented images_seen seen_images samples_seen
        seen_samples examples_seen n_seen seen total_images_seen total_samples_seen images_processed
        samples_processed consumed_samples total_images total_samples images_total n_images_seen
        images_budget budget_images pretrain_budget compute_images compute_budget train_budget
        budget
        compute c""",
    "epochs": """
        epochs n_epochs max_epochs total_epochs pretrain_epochs n_pretrain_epochs train_epochs
        training_epochs passes n_passes passes_image ep epoch""",
    "steps": """
        steps max_steps total_steps n_steps train_steps training_steps pretrain_steps iterations
        n_iterations iters n_iters max_iters max_iterations total_iterations updates n_updates
        global_step step""",
    "batch": """
        global_batch_size total_batch_size effective_batch_size pretrain_batch_size batch_size
        train_batch_size batchsize batch bs global_batch images_step""",
    "flops": "flops total_flops pretrain_flops train_flops gflops tflops macs pflops eflops",
    "labels": """
        labels n_labels labels_n label_count labelled n_labelled labelled_images n_labelled_images
        n_labelled_samples labelled_samples labelled_n labels_used n_labels_used label_budget
        finetune_n n_finetune finetune_size finetune_images n_finetune_images finetune_samples
        ft_n n_ft ft_size probe_n n_probe probe_images probe_size probe_labels n_probe_images
        train_labels n_train_labels downstream_n n_downstream downstream_size downstream_images
        downstream_samples downstream_train_size n_downstream_images annotations n_annotations
        annotated annotated_images supervised_images supervised_samples l""",
    "label_fraction": """
        label_fraction labels_fraction label_frac fraction_labels labelled_fraction label_ratio
        labels_ratio label_share labelled_ratio label_percentage labels_percentage finetune_fraction
        fraction_labelled share_labels""",
    "label_total": "total_labels labels_total n_labels_total label_total all_labels",
    "shots": """
        shots shot n_shots k_shot k_shots labels_class n_labels_class images_class samples_class
        n_shot""",
    "classes": "classes n_classes class_count nclasses",
    "views": "views n_views view_count views_image n_crops",
    "seed": """
        seed random_seed seeds_id rng_seed random_state seed_id run_seed pretrain_seed trial
        trial_id replicate replica rep repeat repetition run_n run_number run_index run fold
        split_seed
        s""",
    "run": "run_id id run_uuid run_name runname name path display_name url",
    "method": """
        method methods algo algorithm ssl_method ssl_algorithm ssl_algo objective approach
        pretrain_method pretext_task pretext ssl training_method framework pretrain initialization
        initialisation init weights recipe loss_name model""",
    "encoder": """
        encoder encoder_name arch architecture backbone network net model_name model_arch model""",
    "pretrain_data": """
        pretrain_dataset pretrain_data pretrain_set pretrained_on source_dataset source
        train_dataset
        training_dataset train_data""",
    "task": """
        task task_name downstream_task downstream downstream_dataset benchmark target target_dataset
        target_task eval_dataset evaluation evaluation_dataset test_dataset probe_dataset
        transfer_task transfer_dataset eval eval_task test_set eval_set tasks""",
    "protocol": "protocol eval_protocol evaluation_protocol probe probe_type eval_type head",
    "dataset": "dataset dataset_name data",
    "metric": "metric metric_name measure metrics",
    "value": "value metric_value result",
    "items": """
        n_test test_images n_test_images test_size n_test_samples test_samples test_n items n_items
        test_items n_eval eval_images n_eval_images test_count n_eval_samples test_set_size""",
    "repeats": """
        n_runs runs n_seeds seeds repeats n_repeats trials n_trials repetitions n_repetitions""",
    "state": "state status run_state",
    "hours": """
        hours gpu_hours train_hours training_hours wall_hours runtime duration train_time
        training_time wall_time walltime time elapsed train_seconds seconds pretrain_hours
        pretrain_time time_hours""",
}  # fmt: skip
RANKS: dict[Role, dict[str, int]] = {
    role: {key: i for i, key in enumerate(names.split())} for role, names in NAMES.items()
}
KNOWN_DATASETS = word_set(
    """imagenet imagenet1k in1k imagenet100 tinyimagenet tiny cifar cifar10 cifar100 stl10 stl svhn
    mnist flowers flowers102 pets oxfordpets cars stanfordcars aircraft fgvcaircraft food food101
    caltech101 caltech256 dtd sun sun397 places places365 voc voc2007 voc07 coco ade20k ade
    cityscapes camvid eurosat resisc45 resisc patchcamelyon pcam camelyon retinopathy clevr dsprites
    smallnorb kitti dmlab gtsrb birds cub cub200 inat inaturalist inat18 ucf101 isic chexpert
    domainnet rsscn7 trashnet malaria ucmerced birdsnap fmow iwildcam nabirds"""
)
KNOWN_METHODS = word_set(
    """simclr simclrv2 byol moco mocov1 mocov2 mocov3 dino dinov2 swav vicreg vicregl barlow
    barlowtwins simsiam mae simmim beit ibot msn ijepa lejepa nnclr pirl deepcluster rotnet jigsaw
    ressl vibcreg wmse data2vec untrained random supervised scratch"""
)
SIZES = {
    "imagenet": 1_281_167, "imagenet1k": 1_281_167, "in1k": 1_281_167, "cifar10": 50_000,
    "cifar100": 50_000, "tinyimagenet": 100_000, "stl10": 100_000, "imagenet100": 126_689,
    "food101": 75_750, "places365": 1_803_460,
}  # fmt: skip


# Names of more words: all are among the first, and at least one is among the second.
_ALL_OF: dict[Role, tuple[str, str]] = {
    "images": (
        "n unique distinct different pretrain train training images samples examples set dataset "
        "data size count used unlabelled available ssl",
        "images samples examples size count",
    ),
    "presented": (
        "n total images samples examples seen presented processed consumed shown cumulative during "
        "pretrain train training ssl",
        "seen presented processed consumed shown",
    ),
    "epochs": (
        "n total max pretrain train training epochs epoch passes ssl",
        "epochs epoch passes",
    ),
    "labels": (
        "n labels labelled annotations annotated images samples examples train training used size "
        "downstream probe finetune linear count available set",
        "labels labelled annotations annotated",
    ),
    "seed": ("seed random run rng train training pretrain global torch np model", "seed"),
}  # fmt: skip
_LAST = 1000


def rank(role: Role, name: ColumnName) -> int | None:
    """How certainly a column of this name has the role, 0 best; None if it has not."""
    if role == "image_fraction" and name.unit == "percent" and name.key in ("data", "train_data"):
        return 0
    exact = RANKS[role].get(name.key)
    if exact is not None or role not in _ALL_OF:
        return exact
    among, some = (set(words.split()) for words in _ALL_OF[role])
    words = set(name.words)
    return _LAST if words <= among and words & some else None


def dataset_key(text: str) -> str:
    """ "CIFAR-10" -> cifar10."""
    return "".join(c for c in text.lower() if c.isalnum())
