from tests.runner.conftest import Study


def test_a(finished, study: Study) -> None:
    print(finished.log)
    print(study.git("status", "--short"))
    print(study.runner(SET="train.rate=0.5 +arms.new.label=neu"))
    print(study.git("status", "--short"))
    print(study.git("diff", "params.yaml"))
    print(study.run("cat", "params.yaml"))
    print(study.dvc("exp", "show", "--only-changed", "--csv"))
    print(study.run("bash", "-c", "cat .git/refs/exps/*/*/*"))
    print(
        study.git(
            "ls-tree",
            "-r",
            "--name-only",
            study.run("bash", "-c", "cat .git/refs/exps/*/*/*").split()[0],
        )
    )
    print(study.runner(module="runner.back"))
    print(study.git("status", "--short"))
    print(study.runner())
    print(study.git("status", "--short"))
    print(study.run("bash", "-c", "time python -m runner; time dvc repro"))
    assert 0
