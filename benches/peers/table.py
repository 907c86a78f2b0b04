"""From single measurements to one row for each network and task, and from these to Markdown."""

import os
import platform
import statistics
import subprocess

from cases import HERE, PEERS, ROOT

# Float arithmetic in another order may change an answer or two of 10,000, but not ten.
SAME_ACCURACY = 0.001


def of_peer(runs):
    """The median of all rounds of one peer and case, with the lowest and the highest."""
    failed = [run["failed"] for run in runs if "failed" in run]
    if failed:
        return {"failed": failed[0]}
    speeds = [run["images_per_second"] for run in runs]
    return {"images_per_second": statistics.median(speeds), "min": min(speeds), "max": max(speeds),
            "rounds": len(runs), "accuracy": runs[-1]["accuracy"]}


def check_accuracy(peers):
    """A peer whose answers are others than the studio's ran another network: it has failed."""
    ours = peers.get("studio", {}).get("accuracy")
    for name, found in peers.items():
        theirs = found.get("accuracy")
        if None not in (ours, theirs) and abs(ours - theirs) > SAME_ACCURACY:
            peers[name] = {"failed": f"its accuracy is {theirs:.4f}, the studio's {ours:.4f}"}


def floor(case, limits):
    """The most images per second that arithmetic and memory allow."""
    needs = limits["networks"][case.network]
    traffic = needs["evaluate_traffic_secs"] if case.task == "evaluate" \
        else needs["train_traffic_secs"][str(case.batch_sizes[0])]
    secs = {"arithmetic": needs[f"{case.task}_flops"] / limits["peak_flops"], "memory": traffic}
    return {"images_per_second": 1 / max(secs.values()), "bound_by": max(secs, key=secs.get), "seconds": secs}


def rows(cases, peers, runs, limits):
    """One for each case that has been measured."""
    found = []
    for case in cases:
        by_peer = {peer: [run for run in runs if (run["peer"], run["case"]) == (peer, str(case))] for peer in peers}
        results = {peer: of_peer(of) for peer, of in by_peer.items() if of}
        if not results:
            continue
        check_accuracy(results)
        speeds = {peer: result["images_per_second"] for peer, result in results.items() if "failed" not in result}
        ours = speeds.pop("studio", None)
        best = max(speeds, key=speeds.get, default=None)
        limit = floor(case, limits)
        found.append({
            "case": str(case), "network": case.network, "task": case.task, "batch_sizes": case.batch_sizes,
            "peers": results, "best_peer": best,
            "ratio": ours / speeds[best] if ours and best else None,
            "share_of_peak": ours * limit["seconds"]["arithmetic"] if ours else None,
            "floor": limit,
        })
    return found


def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    flags = [line for line in open("/proc/cpuinfo") if line.startswith("flags")]
    wide = "AVX-512" if any("avx512f" in line for line in flags) else "no AVX-512"
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, {wide}, {platform.platform()}"


def versions(peers):
    """Versions of the peers, as they are pinned."""
    wants = (HERE / "requirements.txt").read_text().splitlines()
    found = [line.replace("==", " ") for line in wants if "==" in line]
    for peer, folder, crate in [("burn", "burn", "burn"), ("candle", "plain_candle", "candle-core")]:
        if peer in peers:
            lock = (HERE / folder / "Cargo.lock").read_text()
            found.append(f"{crate} " + lock.split(f'name = "{crate}"\nversion = "')[1].split('"')[0])
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return ", ".join([f"studio {commit.stdout.strip()}", *found])


def number(value, form=",.0f"):
    return "–" if value is None else format(value, form)


def markdown_row(row, peers):
    speed = lambda peer: number(row["peers"].get(peer, {}).get("images_per_second"))
    bold = lambda peer: f"**{speed(peer)}**" if peer == row["best_peer"] else speed(peer)
    limit = row["floor"]
    cells = [row["network"], speed("studio"), number(row["ratio"], ".1f"), number(row["share_of_peak"], ".0%"),
             f"{number(limit['images_per_second'])} ({limit['bound_by']})", *map(bold, peers)]
    return "| " + " | ".join(cells) + " |"


def markdown(result):
    options, runs = result["options"], result["runs"]
    others = max((run["other_cores"] for run in runs if "other_cores" in run), default=0)
    lines = [
        f"Images per second on {options['threads']} threads, medians of {options['rounds']} round(s). Peak: "
        f"{result['limits']['peak_flops'] / 1e9:.0f} GFLOP/s. Others used at most {others:.2f} cores meanwhile.", "",
        f"Machine: {result['machine']}.", f"Versions: {result['versions']}.",
    ]
    tables = {}
    for row in result["rows"]:
        title = f"Training, batch {row['batch_sizes'][0]}" if row["task"] == "train" \
            else f"Evaluation of {options['test_images']:,} images"
        tables.setdefault(title, []).append(row)
    for title, rows_of_table in tables.items():
        measured = {peer for row in rows_of_table for peer in row["peers"]}
        peers = [peer for peer in options["peers"] if peer in measured and peer != "studio"]
        heads = ["network", "Candle Studio", "times the best peer", "of peak", "floor"]
        heads += [PEERS[peer].title for peer in peers]
        lines += ["", f"**{title}**", "", "| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
        lines += [markdown_row(row, peers) for row in rows_of_table]
    failures = [f"* {PEERS[peer].title}, {row['case']}: {found['failed']}"
                for row in result["rows"] for peer, found in row["peers"].items() if "failed" in found]
    return "\n".join([*lines, *(["", "Failed:", "", *failures] if failures else [])]) + "\n"
