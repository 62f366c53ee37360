"""Addresses of the sales screens."""

from django.urls import path

from anchang.processes.views import banking, board, cashier, desk, filing, loan, papers, pricing, quotations, special

urlpatterns = [
    path("board/", board.board_page, name="board"),
    path("board/unit/<int:unit_id>/", board.unit_panel, name="board-unit"),
    path("board/unit/<int:unit_id>/price", board.unit_price, name="board-unit-price"),
    path("board/unit/<int:unit_id>/history", board.unit_history, name="board-unit-history"),
    path("board/unit/<int:unit_id>/hold", board.unit_hold, name="board-unit-hold"),
    path("deal/<int:unit_id>/", desk.desk_page, name="deal"),
    path("deal/<int:unit_id>/price", desk.desk_price, name="deal-price"),
    path("deal/<int:unit_id>/proposal.pdf", papers.proposal, name="proposal"),
    path("deal/<int:unit_id>/files", filing.attach, name="deal-files"),
    path("deal/<int:unit_id>/documents", desk.tick_document, name="deal-documents"),
    path("cashier/", cashier.cashier_page, name="cashier"),
    path("cashier/<int:deal_id>/preview", cashier.preview, name="cashier-preview"),
    path("cashier/<int:deal_id>/receive", cashier.receive, name="cashier-receive"),
    path("cashier/close/", cashier.close_page, name="cashier-close"),
    path("special/<int:record_id>/", special.special_page, name="special-discount"),
    path("quotations/<int:record_id>/", quotations.quotation_page, name="quotation"),
    path("papers/quotation/<int:record_id>.pdf", quotations.quotation_pdf, name="quotation-paper"),
    path("pricing/", pricing.pricing_page, name="pricing"),
    path("pricing/adjust", pricing.ask_adjustment, name="pricing-adjust"),
    path("pricing/schemes/<int:record_id>/", pricing.scheme_page, name="price-scheme"),
    path("bank/", banking.bank_page, name="bank"),
    path("bank/match", banking.match_page, name="bank-match"),
    path("bank/confirm", banking.confirm_page, name="bank-confirm"),
    path("loan/", loan.loan_page, name="loan"),
    path("papers/", papers.price_papers, name="price-papers"),
    path("papers/subscription/<int:record_id>.pdf", papers.subscription, name="subscription-paper"),
    path("papers/contract/<int:record_id>.pdf", papers.contract, name="contract-paper"),
    path("papers/demand/<int:record_id>.pdf", papers.demand, name="demand-paper"),
    path("papers/receipt/<int:record_id>.pdf", papers.receipt, name="receipt-paper"),
    path("papers/price-list/<int:record_id>.<str:form>", papers.price_list, name="price-list-paper"),
]
