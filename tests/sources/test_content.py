"""Lists of notes and works, on files built from what parsers of them agree on, not genuine ones."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

import made_douyin
import made_xiaohongshu
import pytest
from hand_made import Imported
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import excel, text

from shequn.check import check
from shequn.sources.readers import content
from shequn.text import ShequnError

Import = Callable[..., Imported]
DAY = dt.date(2025, 6, 1)


def by_title(got: Imported) -> dict[str, dict[str, str]]:
    return {r["title"]: r for r in got.rows("content_stats")}


def notes(
    import_as: Import, files: dict[str, str | bytes] | None = None, **options: object
) -> Imported:
    options = {"timezone": "Asia/Shanghai", "date": DAY, **options}
    return import_as("xiaohongshu", files or made_xiaohongshu.example(), **options)


def test_the_numbers_of_a_note_come_under_the_names_of_the_contract(import_as: Import) -> None:
    got = by_title(notes(import_as))["露营清单，照着买就行"]
    own = got.pop("content_id")
    assert len(own) == 17
    assert got == {
        "platform": "xiaohongshu", "published_at": "2025-04-22T12:35:10Z", "kind": "note",
        "title": "露营清单，照着买就行", "snapshot_at": "2025-05-31T16:00:00Z", "exposures": "12000",
        "views": "1500", "cover_ctr": "0.125", "likes": "80", "comments": "12", "favourites": "200",
        "shares": "9", "follows_gained": "15", "avg_watch_s": "21.5",
    }  # fmt: skip


def test_a_phone_number_in_a_title_is_masked_and_a_formula_does_not_run(import_as: Import) -> None:
    titles = by_title(notes(import_as))
    assert set(titles) == {"露营清单，照着买就行", "加微信 [phone] 进群", "'=cmd()|'/c calc'!A1"}
    whole = "".join(p.read_text() for p in notes(import_as).data.iterdir())
    assert "13800138000" not in whole


def test_fewer_followers_than_before_is_a_number_too(import_as: Import) -> None:
    assert by_title(notes(import_as))["加微信 [phone] 进群"]["follows_gained"] == "-2"


def test_the_same_file_saved_twice_counts_once(import_as: Import) -> None:
    got = notes(import_as)
    assert (got.report.rows_read, got.report.rows_kept, got.report.duplicates) == (3, 3, 1)


def test_the_same_export_again_changes_nothing(import_as: Import) -> None:
    first = notes(import_as)
    rows = first.rows("content_stats")
    assert notes(import_as, into=first.data).rows("content_stats") == rows


def test_a_later_export_is_another_snapshot_of_the_same_notes(import_as: Import) -> None:
    first = notes(import_as)
    later = [[*made_xiaohongshu.ROWS[0][:4], 2000, *made_xiaohongshu.ROWS[0][5:]]]
    files = {"笔记列表明细表.xlsx": made_xiaohongshu.notes(later)}
    got = notes(import_as, files, into=first.data, date=dt.date(2025, 7, 1))
    same = [r for r in got.rows("content_stats") if r["title"] == "露营清单，照着买就行"]
    assert len({r["content_id"] for r in same}) == 1
    assert {r["snapshot_at"][:10]: r["views"] for r in same} == {
        "2025-05-31": "1500",
        "2025-06-30": "2000",
    }


def test_the_id_of_a_note_does_not_hold_its_title(import_as: Import) -> None:
    for row in notes(import_as).rows("content_stats"):
        assert row["content_id"].isascii()
        assert row["title"][:3] not in row["content_id"]


def test_without_a_date_the_days_of_name_and_file_stand_in(import_as: Import) -> None:
    got = notes(import_as, {"笔记列表明细表_20250510.xlsx": made_xiaohongshu.notes()}, date=None)
    assert {r["snapshot_at"] for r in got.rows("content_stats")} == {"2025-05-09T16:00:00Z"}
    got = notes(import_as, {"笔记列表明细表.xlsx": made_xiaohongshu.notes()}, date=None)
    [day] = {r["snapshot_at"] for r in got.rows("content_stats")}
    shanghai = dt.datetime.now(dt.timezone(dt.timedelta(hours=8)))
    midnight = dt.datetime.fromisoformat(day).astimezone(shanghai.tzinfo)
    assert (midnight.hour, midnight.minute) == (0, 0)
    assert shanghai - midnight < dt.timedelta(hours=49)
    assert any("--date" in a.en for a in got.report.assumptions)


def test_a_snapshot_is_never_before_a_note_that_it_lists(import_as: Import) -> None:
    got = notes(import_as, date=dt.date(2025, 4, 24))
    assert {r["snapshot_at"] for r in got.rows("content_stats")} == {"2025-04-24T01:01:02Z"}


def test_times_are_those_of_the_zone(import_as: Import) -> None:
    for zone, time in (("UTC", "T20:35:10Z"), ("America/New_York", "T00:35:10Z")):
        got = by_title(notes(import_as, timezone=zone))
        assert got["露营清单，照着买就行"]["published_at"].endswith(time)


def test_a_table_without_a_column_that_is_needed_is_refused_with_what_is_there(
    import_as: Import,
) -> None:
    bad = excel([["笔记标题", "首次发布时间", "点赞"], ["a", "2025-04-22", 1]])
    with pytest.raises(ShequnError, match=r"观看量.*Found: 笔记标题, 首次发布时间, 点赞"):
        notes(import_as, {"笔记列表明细表.xlsx": bad})


def test_the_same_as_text_is_read_too(import_as: Import) -> None:
    whole = text([[made_xiaohongshu.NOTE], made_xiaohongshu.HEADER, *made_xiaohongshu.ROWS])
    got = notes(import_as, {"笔记.csv": whole.encode("gb18030")})
    assert len(got.rows("content_stats")) == 3


def works(import_as: Import, files: dict[str, str | bytes] | None = None) -> Imported:
    return import_as("douyin", files or made_douyin.example(), timezone="Asia/Shanghai", date=DAY)


def test_numbers_written_as_text_and_lines_for_nothing_are_read(import_as: Import) -> None:
    got = by_title(works(import_as))
    work = got["三分钟学会扎帐篷 #露营 #新手"]
    assert (work["views"], work["completion_rate"], work["avg_watch_s"]) == (
        "20480",
        "0.3125",
        "12.34",
    )
    assert (work["cover_ctr"], work["kind"]) == ("", "video")
    assert got["周末去哪儿"]["shares"] == ""
    assert got["周末去哪儿"]["follows_gained"] == "-1"


def test_works_that_were_not_let_through_are_left_out_and_counted(import_as: Import) -> None:
    got = works(import_as)
    assert len(got.rows("content_stats")) == 2
    assert any("1 pieces that were never let through" in a.en for a in got.report.assumptions)


@pytest.mark.parametrize("rates", [("31.25%", "50%"), ("31.25", "50"), ("0.3125", "0.5")])
def test_rates_in_percent_or_not_come_as_shares(import_as: Import, rates: tuple[str, str]) -> None:
    rows = [
        [*made_douyin.ROWS[i][:5], rate, *made_douyin.ROWS[i][6:]] for i, rate in enumerate(rates)
    ]
    got = by_title(works(import_as, {"作品列表.xlsx": made_douyin.works(rows)}))
    assert [got[r[0]]["completion_rate"] for r in rows] == ["0.3125", "0.5"]


def test_columns_may_come_and_go(import_as: Import) -> None:
    header = ["作品名称", "新指标", "发布时间", "发布状态", "播放量"]
    rows = [["a", "?", "2025-05-01 19:30", "公开", "5"]]
    got = works(import_as, {"作品列表.xlsx": made_douyin.works(rows, header)})
    [row] = got.rows("content_stats")
    assert (row["views"], row["published_at"]) == ("5", "2025-05-01T11:30:00Z")
    assert "likes" not in row


def test_a_row_without_time_is_not_understood_and_not_more_than_one_in_a_hundred(
    import_as: Import,
) -> None:
    rows = [*made_douyin.ROWS[:2], ["x", "soon", *made_douyin.ROWS[0][2:]]]
    with pytest.raises(ShequnError, match="no time of publication"):
        works(import_as, {"作品列表.xlsx": made_douyin.works(rows)})


@given(st.text(min_size=1, max_size=40))
@settings(max_examples=30)
def test_any_title_gives_an_id_and_the_same_one_twice(title: str) -> None:
    found = content.own_id("douyin", " ".join(title.split()), 5)
    assert found == content.own_id("douyin", " ".join(title.split()), 5)
    assert found != content.own_id("douyin", " ".join(title.split()), 6)


def test_the_order_of_the_files_does_not_matter(import_as: Import) -> None:
    one, two = (
        made_xiaohongshu.notes(made_xiaohongshu.ROWS[:1]),
        made_xiaohongshu.notes(made_xiaohongshu.ROWS[1:]),
    )
    first = notes(import_as, {"a.xlsx": one, "b.xlsx": two}).rows("content_stats")
    assert notes(import_as, {"b.xlsx": one, "a.xlsx": two}).rows("content_stats") == first


def test_hostile_cells_never_give_a_traceback(import_as: Import) -> None:
    chance, nasty = (
        random.Random(3),
        ["", "-", "1e999", "=1+1", "\x00", "9" * 500, "2025-99-99", "NaN", None, -5],
    )
    for _ in range(15):
        rows = [
            [chance.choice(nasty) if chance.random() < 0.2 else c for c in r]
            for r in made_douyin.ROWS
        ]
        rows = [[str(c).replace("\x00", "") if c is not None else None for c in r] for r in rows]
        try:
            works(import_as, {"作品列表.xlsx": made_douyin.works(rows)})
        except ShequnError:
            continue


def test_the_folder_has_nobody_in_it_and_is_accepted(import_as: Import) -> None:
    faults = check(notes(import_as).data).faults
    assert not [f for f in faults if f.severity == "error"], faults
