"""Anyone's table of results as evidence: files of any usual form, names of columns, units."""

from datayield.analysis.evidence.tables.mapping import Mapping
from datayield.analysis.evidence.tables.number_text import amount
from datayield.analysis.evidence.tables.read_table import evidence_in, evidence_of_table
from datayield.analysis.evidence.tables.records import table_of
from datayield.analysis.evidence.tables.table import RawTable

__all__ = ["Mapping", "RawTable", "amount", "evidence_in", "evidence_of_table", "table_of"]
