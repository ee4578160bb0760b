//! What charts have in common: a header above, and a coordinate system with its axes.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::element::{PathElement, Rectangle};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor};

use crate::canvas::{Area, Drawn, Svg, logical, px};
use crate::scale::Axis;
use crate::style::{self, Text};

/// A coordinate system to draw data in.
pub(crate) type Plot<'a> = ChartContext<'a, Svg, Cartesian2d<Axis, Axis>>;

/// Logical pixels between the edge of the picture and what is drawn.
pub(crate) const MARGIN: f64 = 20.0;
/// Height of the header's title, with the room below it.
pub(crate) const TITLE_HEIGHT: f64 = 32.0;
/// Height of a second line of the header, with the room below it.
pub(crate) const SUBTITLE_HEIGHT: f64 = 28.0;

/// Draws the background and the title, at its right the name of the experiment. Returns what is left, without margins.
pub(crate) fn titled(area: &Area, title: &str, experiment: &str) -> Drawn<Area> {
    area.fill(&style::PAPER)?;
    let inner = area.margin(px(MARGIN), px(MARGIN), px(MARGIN), px(MARGIN));
    let width = logical(inner.dim_in_pixel().0);
    inner.draw_text(title, &Text::TITLE.at(HPos::Left, VPos::Top), (0, 0))?;
    let baseline = px(style::TITLE_SIZE * 0.73);
    let name = Text::LABEL.fit(experiment, width - Text::TITLE.width(title) - 24.0);
    inner.draw_text(&name, &Text::LABEL.at(HPos::Right, VPos::Bottom), (px(width), baseline))?;
    Ok(inner.split_vertically(px(TITLE_HEIGHT)).1)
}

/// Draws a second line below the title. Returns what is left.
pub(crate) fn subtitled(area: &Area, text: &str, color: RGBColor) -> Drawn<Area> {
    let style = Text::LABEL.color(color);
    let text = style.fit(text, logical(area.dim_in_pixel().0));
    area.draw_text(&text, &style.at(HPos::Left, VPos::Top), (0, 0))?;
    Ok(area.split_vertically(px(SUBTITLE_HEIGHT)).1)
}

/// Which grid lines are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grid {
    Both,
    Horizontal,
}

/// Room below a plot for the names of the ticks and the title of the axis, and what is left free below that.
const BELOW_PLOT: f64 = style::SMALL_SIZE + 8.0 + style::TEXT_SIZE + 4.0;
const PLOT_MARGIN: f64 = 4.0;
/// What a plot takes of an area's height beside the data.
pub(crate) const BESIDE_DATA: f64 = BELOW_PLOT + PLOT_MARGIN;

/// Room at the left of a plot for the title of the axis and the names of its ticks.
pub(crate) fn left_of_plot(y: &Axis) -> f64 {
    let widest = y.ticks.iter().map(|(_, name)| Text::TICK.width(name)).fold(0.0, f64::max);
    style::TEXT_SIZE + 8.0 + widest + 10.0
}

/// Draws axes and grid. The room for the names of the ticks is measured, so that none is cut off.
pub(crate) fn plot(area: &Area, x: Axis, y: Axis, grid: Grid) -> Drawn<Plot<'_>> {
    let (x_title, y_title) = (x.title.clone(), y.title.clone());
    let mut chart = ChartBuilder::on(area)
        .y_label_area_size(px(left_of_plot(&y)))
        .x_label_area_size(px(BELOW_PLOT))
        .margin_bottom(px(PLOT_MARGIN))
        .build_cartesian_2d(x, y)?;
    let mut mesh = chart.configure_mesh();
    if grid == Grid::Horizontal {
        mesh.disable_x_mesh();
    }
    mesh.light_line_style(style::line(style::GRID, 1.0))
        .bold_line_style(style::line(style::GRID, 1.0))
        .axis_style(style::line(style::AXIS, 1.0))
        .label_style(Text::TICK.at(HPos::Left, VPos::Top))
        .axis_desc_style(Text::LABEL.at(HPos::Left, VPos::Top))
        .set_all_tick_mark_size(px(4.0))
        .x_desc(&*x_title)
        .y_desc(&*y_title)
        .draw()?;
    drop(mesh);
    close_corner(area, &chart)?;
    Ok(chart)
}

/// The axes of plotters end where the plot does, which leaves a notch where they meet.
fn close_corner(area: &Area, chart: &Plot<'_>) -> Drawn {
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let (left, top) = area.get_base_pixel();
    let (x, y, half) = (columns.start - left, rows.end - top, px(0.5));
    let corner = [(x - 1 - half, y - half), (x - 1 + half, y + half)];
    area.draw(&Rectangle::new(corner, style::AXIS.filled()))
}

/// A rectangle that data is drawn in without the axes of plotters, in logical pixels of an area.
#[derive(Clone, Copy)]
pub(crate) struct Sheet {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Sheet {
    /// Where a value of the horizontal axis lies.
    pub(crate) fn x(&self, axis: &Axis, value: f64) -> f64 {
        self.left + axis.share(value) * (self.right - self.left)
    }

    /// Draws the vertical grid lines of a horizontal axis, its base, and the names of its ticks below.
    pub(crate) fn draw_x_axis(&self, area: &Area, axis: &Axis) -> Drawn {
        for (value, name) in &axis.ticks {
            let x = px(self.x(axis, *value));
            let ends = vec![(x, px(self.top)), (x, px(self.bottom + 4.0))];
            area.draw(&PathElement::new(ends, style::line(style::GRID, 1.0)))?;
            let place = (x, px(self.bottom + 8.0));
            area.draw_text(name, &Text::TICK.at(HPos::Center, VPos::Top), place)?;
        }
        let base = vec![(px(self.left), px(self.bottom)), (px(self.right), px(self.bottom))];
        area.draw(&PathElement::new(base, style::line(style::AXIS, 1.0)))
    }
}
