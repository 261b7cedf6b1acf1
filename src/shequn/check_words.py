"""What the checker says: each kind of fault in both languages, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shequn.text import Text

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Kind:
    """A kind of fault: how grave, what is wrong, how to mend it; the texts may hold fields."""

    severity: Severity
    what: Text
    mend: Text


def _error(what_en: str, what_zh: str, mend_en: str, mend_zh: str) -> Kind:
    return Kind("error", Text(what_en, what_zh), Text(mend_en, mend_zh))


def _warning(what_en: str, what_zh: str, mend_en: str, mend_zh: str) -> Kind:
    return Kind("warning", Text(what_en, what_zh), Text(mend_en, mend_zh))


# What is wrong and how to mend it, each beside its translation.
# fmt: off
KINDS: dict[str, Kind] = {
    # the folder
    "folder": _error("{what}", "{what}", "{mend}", "{mend}"),
    "folder_empty": _error(
        "The folder is empty.", "文件夹是空的。",
        "Put at least one table in it: {names}.", "至少放一张表进去：{names}。"),
    "no_table": _error(
        "No table of a community in the folder.", "文件夹里没有社群数据表。",
        "Name a table as one of: {names}.", "表的文件名应为其中之一：{names}。"),
    "unknown_file": _warning(
        "Not a table of the contract; it is not read.", "不是约定中的表，不会读取。",
        "Take it out of the folder, or name it as one of the tables.", "移出文件夹，或按约定的表名命名。"),
    "unknown_file_like": _warning(
        "Not a table of the contract; it is not read.", "不是约定中的表，不会读取。",
        "If it is the table {near}, name it {near}.csv.", "如果是 {near} 表，请改名为 {near}.csv。"),
    "spreadsheet": _warning(
        "A spreadsheet; it is not read.", "这是电子表格，不会读取。",
        "Save each sheet as CSV UTF-8 under the name of its table.",
        "把每张工作表另存为 CSV UTF-8，用表名作文件名。"),
    # the file
    "unreadable": _error(
        "The file cannot be read: {detail}", "文件读不出来：{detail}",
        "Check that it is whole and that you may read it, or export it again.",
        "请确认文件完整、有读取权限，或重新导出。"),
    "cut_off": _error(
        "The packed file is cut off or damaged.", "压缩文件不完整或已损坏。",
        "Copy or export the file again.", "请重新复制或导出这个文件。"),
    "parquet": _error(
        "Not a whole Parquet file.", "不是完整的 Parquet 文件。",
        "Copy or export the file again; a download may have stopped early.",
        "请重新复制或导出；可能是下载中断了。"),
    "file_empty": _error(
        "The file is empty, or its first line is.", "文件是空的，或第一行是空行。",
        "The first row must name the columns: {names}.", "第一行必须是列名：{names}。"),
    "not_text": _error(
        "Not a text file.", "不是文本文件。",
        "Save the table as CSV UTF-8; renaming a spreadsheet to .csv does not convert it.",
        "请把表另存为 CSV UTF-8；只改扩展名不会转换格式。"),
    "encoding": _error(
        "Mixed encodings: {bytes} at byte offset {offset} of the file is not valid {name}.",
        "编码混用：文件字节偏移 {offset} 处的 {bytes} 不是有效的 {name}。",
        "Export again as UTF-8, or type the cell anew: it was pasted in from another file.",
        "请重新导出为 UTF-8；或重新输入该单元格，它是从别的文件粘贴来的。"),
    "changed": _error("{what}", "{what}", "{mend}", "{mend}"),
    "no_rows": _warning(
        "A header and no rows.", "只有表头，没有数据。",
        "Remove the file, or export it again if rows are expected.",
        "如果确实没有数据，请删掉这个文件；否则请重新导出。"),
    # the header
    "no_header": _error(
        "The first row names no column of the table {table}.", "第一行没有 {table} 表的任何列名。",
        "Put the column names in the first row, with commas between them: {names}.",
        "第一行请写列名，用逗号分隔：{names}。"),
    "missing_column": _error(
        "A required column is missing: {meaning}", "缺少必需的列：{meaning}",
        "Add it, or leave the table out.", "请补上这一列，或不放这张表。"),
    "unknown_column": _warning(
        "Not a column of the table {table}; it is ignored.", "不是 {table} 表的列，会忽略。",
        "Remove it, or leave it: nothing reads it.", "可以删掉，也可以留着：不会有人读它。"),
    "unknown_column_like": _warning(
        "Not a column of the table {table}; it is ignored.", "不是 {table} 表的列，会忽略。",
        "If it is {near} ({meaning}), name it so.", "如果它就是 {near}（{meaning}），请改成这个列名。"),
    "unnamed_column": _warning(
        "A column without a name; it is ignored.", "这一列没有列名，会忽略。",
        "Name it or remove it; a delimiter at the end of each line makes one, too.",
        "请补上列名或删掉；行尾多余的分隔符也会造成空列。"),
    "duplicate_column": _error(
        "The column stands {times} times.", "这一列出现了 {times} 次。",
        "Keep one and rename the other.", "只留一列，其余改名。"),
    # the rows
    "ragged": _error(
        "{cells} cells where the header has {width} (line {line} of the file).",
        "有 {cells} 个单元格，表头有 {width} 个（文件第 {line} 行文本）。",
        "Quote cells that hold the delimiter or a line break, and fill up short rows.",
        "含分隔符或换行的单元格要加双引号；缺格的行要补齐。"),
    "quote": _error(
        "Text stands behind a closing quote (line {line} of the file).",
        "右引号后面还有文字（文件第 {line} 行文本）。",
        'Write a quote within a quoted cell twice: "".', '双引号内的双引号要写两遍：""。'),
    "unclosed": _error(
        "A quote is never closed (row begins on line {line}); nothing after it can be read.",
        "双引号没有闭合（该行始于文件第 {line} 行文本），其后的内容都读不出来。",
        'Close the cell with a quote; write a quote within it twice: "".',
        '请补上右引号；单元格内的双引号要写两遍：""。'),
    "bare_return": _error(
        "A line end of another kind stands amid the row (line {line} of the file).",
        "行中间有另一种换行符（文件第 {line} 行文本）。",
        "Quote the cell that holds it, or save the file anew in a spreadsheet.",
        "请给该单元格加双引号，或用电子表格重新保存。"),
    "newlines": _error(
        "Lines end in two different ways, from this row on (line {line} of the file).",
        "从这一行起换行符不一致（文件第 {line} 行文本）。",
        "Save the file anew: parts of it come from different systems.",
        "请重新保存文件：它由不同系统上的内容拼成。"),
    "too_long": _error(
        "The row is longer than {limit} bytes (line {line} of the file).",
        "这一行超过 {limit} 字节（文件第 {line} 行文本）。",
        "Look for a lost quote before it, or shorten the text.", "请检查前面是否漏了引号，或缩短正文。"),
    "empty_row": _warning(
        "A row without any value; it is ignored.", "整行都是空的，会忽略。",
        "Delete it.", "删掉即可。"),
    "header_again": _error(
        "The header stands again among the rows.", "数据中又出现了一次表头。",
        "Delete the row: files were put together with their headers.",
        "删掉这一行：合并文件时把表头也带进来了。"),
    # the values
    "required": _error(
        "A required value is missing.", "缺少必需的值。",
        "Fill it in, or delete the row.", "请补上，或删掉这一行。"),
    "type_integer": _error(
        "Not a whole number.", "不是整数。",
        "Write digits only, such as 1200.", "只写数字，如 1200。"),
    "type_number": _error(
        "Not a number.", "不是数字。",
        "Write digits and a point, such as 1200.50.", "只写数字和小数点，如 1200.50。"),
    "type_boolean": _error(
        "Neither true nor false.", "不是“是”或“否”。",
        "Write true or false (1 and 0, yes and no, 是 and 否 are read as well).",
        "请写 true 或 false（也认 1、0、yes、no、是、否）。"),
    "type_date": _error(
        "Not a date.", "不是日期。",
        "Write it as 2026-03-05.", "请写成 2026-03-05。"),
    "type_datetime": _error(
        "Not a time.", "不是时间。",
        "Write it in UTC as 2026-03-05T08:00:00Z.", "请用 UTC 写成 2026-03-05T08:00:00Z。"),
    "parquet_type": _error(
        "The column is stored as {found}; it must be {expected}.", "这一列存成了 {found}，应为 {expected}。",
        "Convert the column before writing the Parquet file.", "写 Parquet 之前先转换这一列的类型。"),
    "enum": _error(
        "Not one of the values allowed.", "不在允许的取值之内。",
        "Write one of: {allowed}.", "请写其中之一：{allowed}。"),
    "enum_like": _error(
        "Not one of the values allowed.", "不在允许的取值之内。",
        "Did you mean {near}? Allowed: {allowed}.", "是不是 {near}？允许的取值：{allowed}。"),
    "minimum": _error(
        "Less than {minimum}.", "小于 {minimum}。",
        "Correct it, or leave the cell empty if it is not known.", "请改正；不知道就留空。"),
    "duplicate": _error(
        "The value must be unique: {pairs}.", "取值不能重复：{pairs}。",
        "Delete the row that was exported twice, or give it an identifier of its own.",
        "删掉重复导出的行，或给它单独的编号。"),
    "padded": _warning(
        "Spaces or invisible characters stand around the value.", "值的前后有空格或看不见的字符。",
        "Delete them: with them it counts as another value.", "请删掉：带着它们就会被当成另一个值。"),
    "dangling": _warning(
        "No such {key} in the table {parent}.", "{parent} 表里没有这个 {key}。",
        "Export both tables for the same time and with the same identifiers.",
        "两张表请按同一时段、同一套编号导出。"),
    "uncovered": _warning(
        "On a day that no row of sources covers.", "这一天不在 sources 的覆盖范围里。",
        "Correct covers_from and covers_to, or leave sources out; such days count as unseen.",
        "请改正 covers_from 和 covers_to，或不放 sources 表；这样的日子按没看见处理。"),
    "future": _error(
        "In the future.", "在未来。",
        "Times are UTC: subtract the hours of your zone (8 in China) from local times.",
        "时间应为 UTC：北京时间请减 8 小时。"),
    "future_date": _error(
        "In the future.", "在未来。",
        "Correct the date.", "请改正日期。"),
    "ancient": _warning(
        "Before 1990.", "早于 1990 年。",
        "Leave the cell empty if the time is not known: 1970 often stands for that.",
        "时间不明就留空：1970 年往往就是“不明”。"),
    "order": _error(
        "Earlier than {other} of the same row.", "早于同一行的 {other}。",
        "Correct one of the two times.", "请改正两个时间中的一个。"),
    "control": _warning(
        "A control character stands in the text.", "文字里有控制字符。",
        "Delete it; some programs stop reading there.", "请删掉；有些程序读到这里就会停。"),
}
# fmt: on
